//! What one shopper will do; all of it is drawn before the epoch begins.

use std::time::Duration;

use crate::dice::Dice;

/// Which card is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its bank asks the shopper.
    Challenge,
    /// It succeeds without a question.
    Good,
    /// Its issuer says no.
    NotHonoured,
    /// Its issuer says no, in other words.
    Unknown,
    /// It has no money.
    WithoutFunds,
}

/// How the form is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Submit {
    /// Once, and the shopper hangs up after so long.
    HangUp(Duration),
    /// Once.
    Once,
    /// Two forms of two windows at the same time.
    TwoTabs,
    /// The same form twice at the same time.
    Twice,
}

/// What the shopper does when the bank asks, the first time; whoever comes back to the question approves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtBank {
    /// Approves.
    Approve,
    /// Goes back to the checkout and from there to the bank again.
    Back,
    /// Presses a button and goes away.
    Cancel,
    /// Goes away for so long.
    ComeBack(Duration),
    /// Declines.
    Decline,
    /// Approves, and hangs up before the answer.
    HangUp(Duration),
    /// Closes the window for good.
    Leave,
    /// Opens the page that the bank would lead to, without having answered; then approves in the window that is still open, or not.
    ReturnByHand {
        /// Whether the bank gets its answer afterwards.
        approves: bool,
    },
    /// Approves, and declines in a second window.
    TwoAnswers,
}

impl AtBank {
    /// Its name in figures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Back => "back, and to the bank again",
            Self::Cancel => "cancel",
            Self::ComeBack(_) => "come back later",
            Self::Decline => "decline",
            Self::HangUp(_) => "hang up on the bank",
            Self::Leave => "leave for good",
            Self::ReturnByHand { .. } => "return page by hand",
            Self::TwoAnswers => "two answers",
        }
    }
}

/// One try to pay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Try {
    /// With this card.
    pub(crate) card: Kind,
    /// Sent like this.
    pub(crate) submit: Submit,
    /// Whether the same form is sent again if no answer came.
    pub(crate) repeats: bool,
    /// Answered like this.
    pub(crate) at_bank: AtBank,
}

/// A shopper.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// When the checkout is opened, from the beginning of the epoch.
    pub(crate) arrives: Duration,
    /// How long the shopper stays at most.
    pub(crate) patience: Duration,
    /// Between two looks at the checkout.
    pub(crate) pause: Duration,
    /// What is tried, one after the other.
    pub(crate) tries: Vec<Try>,
    /// Minor units.
    pub(crate) amount: u64,
    /// Whether the merchant makes a second checkout of the order for whoever has not paid by the end, and the rest is tried there.
    pub(crate) second_session: bool,
    /// Whether the shopper is back when everything works again, and pays.
    pub(crate) insists: bool,
}

impl Wish {
    /// A shopper who arrives within `window`.
    pub(crate) fn draw(window: Duration, dice: &mut Dice) -> Self {
        let window = u64::try_from(window.as_millis()).expect("a few seconds");
        Self {
            arrives: dice.millis(0, window),
            patience: dice.millis(3_000, 11_000),
            pause: dice.millis(100, 500),
            tries: (0..=dice.below(4)).map(|_| Try::draw(dice)).collect(),
            amount: dice.between(2_000, 200_000),
            second_session: dice.percent(15),
            insists: dice.percent(60),
        }
    }
}

impl Try {
    fn draw(dice: &mut Dice) -> Self {
        let card = match dice.below(100) {
            0..40 => Kind::Good,
            40..80 => Kind::Challenge,
            80..87 => Kind::WithoutFunds,
            87..94 => Kind::NotHonoured,
            _ => Kind::Unknown,
        };
        let submit = match dice.below(100) {
            0..60 => Submit::Once,
            60..75 => Submit::Twice,
            75..87 => Submit::TwoTabs,
            _ => Submit::HangUp(dice.millis(1, 400)),
        };
        let at_bank = match dice.below(100) {
            0..40 => AtBank::Approve,
            40..50 => AtBank::Decline,
            50..58 => AtBank::Cancel,
            58..65 => AtBank::Leave,
            65..73 => AtBank::ComeBack(dice.millis(300, 3_000)),
            73..81 => AtBank::ReturnByHand { approves: dice.percent(60) },
            81..88 => AtBank::Back,
            88..95 => AtBank::TwoAnswers,
            _ => AtBank::HangUp(dice.millis(0, 60)),
        };
        Self { card, submit, repeats: dice.percent(50), at_bank }
    }
}
