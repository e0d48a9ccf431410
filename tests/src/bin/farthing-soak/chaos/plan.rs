//! What an epoch will be: switches, shoppers, kills, and how the merchant's endpoint behaves. Nothing of it is drawn later.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use farthing_stories::receiver::Answer;
use serde_json::Value;

use super::switches;
use super::wish::Wish;
use crate::dice::Dice;

/// How one life of the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Death {
    /// From outside, whatever it is doing.
    AnyMoment,
    /// While the gateway's reply is on the wire: K3.
    HeldReply,
    /// While a request to the gateway is on the wire, which never arrives: K2.
    HeldRequest,
    /// By itself, at a point of the order of writes.
    Point(&'static str),
}

impl Death {
    /// Its name in figures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::AnyMoment => "any moment",
            Self::HeldReply => "K3",
            Self::HeldRequest => "K2",
            Self::Point(name) => name,
        }
    }
}

/// One kill.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kill {
    /// How.
    pub(crate) death: Death,
    /// How long the process lives before.
    pub(crate) after: Duration,
    /// How long nobody is there afterwards.
    pub(crate) down: Duration,
}

impl Kill {
    fn draw(window: Duration, dice: &mut Dice) -> Self {
        let death = match dice.below(100) {
            0..55 => Death::AnyMoment,
            55..65 => Death::HeldRequest,
            65..75 => Death::HeldReply,
            _ => Death::Point(dice.one_of(&["K0", "K1", "K4", "K5", "K6"])),
        };
        let window = u64::try_from(window.as_millis()).expect("a few seconds");
        let down = if dice.percent(75) { dice.millis(0, 200) } else { dice.millis(200, 1_000) };
        Self { death, after: dice.millis(50, window), down }
    }
}

/// How the merchant's endpoint treats deliveries.
///
/// At most one delivery of an event is refused, or two where that is said, for the third try comes after five minutes.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// In so many of a hundred cases the first delivery is not taken.
    refuses: u64,
    /// What it is answered with then.
    refusal: Refusal,
    /// In so many of a hundred cases the second one is not taken either.
    refuses_twice: u64,
    /// In so many of a hundred cases it takes so long.
    slow: (u64, Duration),
    /// Falls alike for one event, whenever it arrives.
    salt: u64,
}

#[derive(Clone, Copy, Debug)]
enum Refusal {
    Code(u16),
    Silence,
}

impl Endpoint {
    fn draw(may_refuse_twice: bool, dice: &mut Dice) -> Self {
        // An endpoint that is silent holds each delivery for fifteen seconds: a few of them are enough.
        let silent = dice.percent(10);
        let refuses = match (silent, dice.percent(40)) {
            (true, _) => 4,
            (false, true) => dice.one_of(&[25, 50, 100]),
            (false, false) => 0,
        };
        let code = Refusal::Code(dice.one_of(&[500, 503, 429, 404, 302]));
        Self {
            refuses,
            refusal: if silent { Refusal::Silence } else { code },
            refuses_twice: if may_refuse_twice && dice.percent(25) { 5 } else { 0 },
            slow: (if dice.percent(25) { 25 } else { 0 }, dice.millis(100, 1_500)),
            salt: dice.below(u64::MAX),
        }
    }

    /// What it does with a delivery that has arrived so often before.
    pub(crate) fn answer(&self, event: &str, before: usize) -> Answer {
        let refusal = match self.refusal {
            Refusal::Code(code) => Answer::Status(code),
            Refusal::Silence => Answer::Hang,
        };
        match before {
            0 if self.falls(event, 0, self.refuses.max(self.refuses_twice)) => refusal,
            // Answered at once, so that the third try does not come even later.
            1 if self.falls(event, 0, self.refuses_twice) => Answer::Status(500),
            _ if self.falls(event, 1, self.slow.0) => Answer::TakeSlowly(self.slow.1),
            _ => Answer::Take,
        }
    }

    fn falls(&self, event: &str, which: u64, percent: u64) -> bool {
        let mut hasher = DefaultHasher::new();
        (event, self.salt, which).hash(&mut hasher);
        hasher.finish() % 100 < percent
    }
}

/// One epoch.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// The gateway's switches.
    pub(crate) switches: Value,
    /// So many seconds of the sandbox's clock pass in one, besides that one.
    pub(crate) clock_pace: u64,
    /// Every how manieth request to the gateway is late, and by how much.
    pub(crate) late: Option<(u64, Duration)>,
    /// How webhooks are taken.
    pub(crate) endpoint: Endpoint,
    /// Whether the merchant asks for checks of what is open at the end; if not, the schedule has to bring everything to its end.
    pub(crate) merchant_asks: bool,
    /// The kills, one after the other.
    pub(crate) kills: Vec<Kill>,
    /// The shoppers.
    pub(crate) wishes: Vec<Wish>,
}

impl Plan {
    /// Draws an epoch. Early ones may leave events behind that come only after five minutes.
    pub(crate) fn draw(
        number: usize,
        shoppers: usize,
        kills: usize,
        early: bool,
        dice: &mut Dice,
    ) -> Self {
        // So many that what goes wrong with one of them meets others on their way.
        let window = Duration::from_millis(120) * u32::try_from(shoppers).expect("a few");
        let between = window / u32::try_from(kills + 1).expect("a few");
        let late = dice.percent(12).then(|| (dice.between(3, 8), dice.millis(3_000, 6_500)));
        Self {
            number,
            switches: switches::draw(dice),
            clock_pace: dice.one_of(&[0, 2, 10, 60]),
            late,
            endpoint: Endpoint::draw(early, dice),
            merchant_asks: !dice.percent(8),
            kills: (0..kills).map(|_| Kill::draw(between * 2, dice)).collect(),
            wishes: (0..shoppers).map(|_| Wish::draw(window, dice)).collect(),
        }
    }
}

/// What is printed of an epoch in which something differed.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, switches, clock_pace, late, endpoint, merchant_asks, kills, wishes } =
            self;
        writeln!(f, "epoch {number}: {switches}")?;
        writeln!(f, "clock {clock_pace}, late {late:?}, {endpoint:?}, asks {merchant_asks}")?;
        for kill in kills {
            writeln!(f, "{kill:?}")?;
        }
        for wish in wishes {
            writeln!(f, "{wish:?}")?;
        }
        Ok(())
    }
}

/// `total` in `parts` shares that differ by one at most.
pub(crate) fn shares(total: usize, parts: usize) -> Vec<usize> {
    (0..parts).map(|part| (total * (part + 1)) / parts - (total * part) / parts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_draws_one_plan() {
        let plan = |seed| format!("{:?}", Plan::draw(1, 50, 5, true, &mut Dice::new(seed)));
        assert_eq!(plan(7), plan(7));
        assert_ne!(plan(7), plan(8));
    }

    #[test]
    fn shares_are_even_and_lose_nothing() {
        assert_eq!(shares(10, 3), [3, 3, 4]);
        assert_eq!(shares(2, 4).iter().sum::<usize>(), 2);
    }

    #[test]
    fn an_endpoint_takes_the_third_delivery_at_the_latest() {
        let mut dice = Dice::new(7);
        for _ in 0..200 {
            let late = dice.percent(50);
            let endpoint = Endpoint::draw(!late, &mut dice);
            for event in (0..50).map(|number| format!("evt_{number}")) {
                let takes = |before| {
                    matches!(endpoint.answer(&event, before), Answer::Take | Answer::TakeSlowly(_))
                };
                assert!(takes(2));
                assert!(takes(1) || !late, "a second refusal is only for early epochs");
            }
        }
    }
}
