//! News of sessions, for pages that are open: which session may look different now.
//!
//! News carry nothing: whoever gets one reads the store. So one that is missed, doubled or late costs a look and never a
//! wrong answer. A store tells them after the commit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// Who watches which session. Cheap to clone; clones are one and the same.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    watched: Arc<Mutex<Watched>>,
}

#[derive(Debug, Default)]
struct Watched {
    sessions: HashMap<String, Watchers>,
    all: usize,
}

#[derive(Debug)]
struct Watchers {
    news: watch::Sender<()>,
    count: usize,
}

/// One watcher of one session; ends when it is dropped.
#[derive(Debug)]
pub struct Watcher {
    changes: Changes,
    session_id: String,
    news: watch::Receiver<()>,
}

/// There are as many watchers as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl Changes {
    /// Watches a session, if it has fewer than `of_session` watchers and all sessions together fewer than `of_all`.
    pub fn watch(
        &self,
        session_id: &str,
        of_session: usize,
        of_all: usize,
    ) -> Result<Watcher, TooMany> {
        let mut watched = self.lock();
        if watched.all >= of_all {
            return Err(TooMany);
        }
        let watchers = watched
            .sessions
            .entry(session_id.to_owned())
            .or_insert_with(|| Watchers { news: watch::Sender::new(()), count: 0 });
        if watchers.count >= of_session {
            return Err(TooMany);
        }
        watchers.count += 1;
        let news = watchers.news.subscribe();
        watched.all += 1;
        drop(watched);
        Ok(Watcher { changes: self.clone(), session_id: session_id.to_owned(), news })
    }

    /// Tells a session's watchers that it may have changed.
    pub fn tell(&self, session_id: &str) {
        if let Some(watchers) = self.lock().sessions.get(session_id) {
            watchers.news.send_replace(());
        }
    }

    /// How many watchers there are.
    pub fn watchers(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    /// The session watched.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Ready when there are news since the last call; several that came meanwhile are one.
    pub async fn news(&mut self) {
        // The sender lives as long as its watchers do.
        if self.news.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut watched = self.changes.lock();
        watched.all = watched.all.saturating_sub(1);
        if let Some(watchers) = watched.sessions.get_mut(&self.session_id) {
            watchers.count = watchers.count.saturating_sub(1);
            if watchers.count == 0 {
                watched.sessions.remove(&self.session_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn news_reach_every_watcher_of_the_session_and_nobody_else() {
        let changes = Changes::default();
        let mut one = changes.watch("ses_1", 8, 8).unwrap();
        let mut two = changes.watch("ses_1", 8, 8).unwrap();
        let mut other = changes.watch("ses_2", 8, 8).unwrap();
        assert!(one.news().now_or_never().is_none(), "nothing has happened yet");
        changes.tell("ses_1");
        changes.tell("ses_1");
        changes.tell("ses_3");
        for watcher in [&mut one, &mut two] {
            assert!(watcher.news().now_or_never().is_some());
            assert!(watcher.news().now_or_never().is_none(), "two at once are one");
        }
        assert!(other.news().now_or_never().is_none());
    }

    #[test]
    fn a_session_and_all_of_them_have_so_many_watchers_and_no_more() {
        let changes = Changes::default();
        let first = changes.watch("ses_1", 2, 3).unwrap();
        let second = changes.watch("ses_1", 2, 3).unwrap();
        assert_eq!(changes.watch("ses_1", 2, 3).unwrap_err(), TooMany, "of this session");
        let third = changes.watch("ses_2", 2, 3).unwrap();
        assert_eq!(changes.watch("ses_3", 2, 3).unwrap_err(), TooMany, "of all");
        assert_eq!(changes.watchers(), 3);
        drop(second);
        let fourth = changes.watch("ses_1", 2, 3).unwrap();
        drop((first, third, fourth));
        assert_eq!(changes.watchers(), 0);
        assert!(
            changes.lock().sessions.is_empty(),
            "nothing is kept of sessions that nobody watches"
        );
    }
}
