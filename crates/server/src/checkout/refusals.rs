//! What is wrong with a submit, kept until the page that shows it is asked for.
//!
//! A form's POST is always answered with a redirect: a page that *is* the answer to a POST stays in the browser's history
//! together with the posted body, card and all, and some browsers keep that on disk. So the errors wait here, in
//! memory, for the GET that follows. Nothing of the card is among them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use farthing_types::CustomerField;
use farthing_types::checkout::FieldError;

/// How long a refusal waits for its page.
const KEPT: Duration = Duration::from_mins(1);

/// So many refusals wait at once; beyond that the oldest go, and their pages show the form without them.
const CAPACITY: usize = 10_000;

/// The errors of one submit, and what was typed that is not card data.
pub struct Refusal {
    /// What is wrong.
    pub errors: Vec<FieldError>,
    /// What is given back.
    pub typed: Vec<(CustomerField, String)>,
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { errors, typed: _ } = self; // what was typed is personal data
        write!(f, "Refusal({} errors)", errors.len())
    }
}

/// Refusals that wait for their page, by session.
#[derive(Debug, Default)]
pub struct Refusals {
    waiting: Mutex<HashMap<String, (Instant, Refusal)>>,
}

impl Refusals {
    /// Keeps a refusal for the session's next page.
    pub fn keep(&self, session_id: &str, refusal: Refusal) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if waiting.len() >= CAPACITY {
            waiting.retain(|_, (since, _)| now.duration_since(*since) < KEPT);
        }
        if waiting.len() >= CAPACITY {
            let oldest =
                waiting.iter().min_by_key(|(_, (since, _))| *since).map(|(id, _)| id.clone());
            oldest.and_then(|id| waiting.remove(&id));
        }
        waiting.insert(session_id.to_owned(), (now, refusal));
    }

    /// Takes the refusal that waits for the session's page, once.
    pub fn take(&self, session_id: &str) -> Option<Refusal> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, refusal) = waiting.remove(session_id)?;
        (since.elapsed() < KEPT).then_some(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Refusal {
        let field = farthing_types::checkout::Field::Form;
        Refusal { errors: vec![FieldError { field, text: text.into() }], typed: Vec::new() }
    }

    #[test]
    fn a_refusal_is_shown_once_and_only_to_its_session() {
        let refusals = Refusals::default();
        refusals.keep("ses_1", refusal("a"));
        assert!(refusals.take("ses_2").is_none());
        assert_eq!(refusals.take("ses_1").unwrap().errors[0].text, "a");
        assert!(refusals.take("ses_1").is_none());
    }

    #[test]
    fn what_was_typed_is_not_printed() {
        let typed = vec![(CustomerField::Email, "ann@example.com".to_owned())];
        let shown = format!("{:?}", Refusal { typed, ..refusal("a") });
        assert_eq!(shown, "Refusal(1 errors)");
    }

    #[test]
    fn memory_is_bounded_and_the_newest_stay() {
        let refusals = Refusals::default();
        for n in 0..CAPACITY + 10 {
            refusals.keep(&format!("ses_{n}"), refusal("x"));
        }
        assert_eq!(refusals.waiting.lock().unwrap().len(), CAPACITY);
        assert!(refusals.take(&format!("ses_{}", CAPACITY + 9)).is_some());
    }
}
