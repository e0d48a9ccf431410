//! One sheet at a time: the states that both wallets go through, without either of them.
//!
//! Ready → sheet → authorizing → ready. Whatever comes late (a token of a sheet that was put away, a cancel after the token, an
//! answer after the sheet's time) carries an old turn, or meets another state, and changes nothing.

use farthing_types::Wallet;

/// Names one opening of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn(u32);

impl Turn {
    /// As it travels.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Where the wallets of one document stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No sheet is open.
    Ready,
    /// A wallet's sheet is open.
    Sheet(Wallet),
    /// The token was handed over, and its answer is awaited.
    Authorizing {
        /// Whose token.
        wallet: Wallet,
        /// Whether the sheet is still there and wants to be told the end.
        sheet: bool,
    },
}

/// The state machine.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    turn: u32,
    stage: Stage,
    open: bool,
}

impl Default for Flow {
    fn default() -> Self {
        Self { turn: 0, stage: Stage::Ready, open: false }
    }
}

impl Flow {
    /// The state.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The checkout may be paid now, or no more. Gives the wallet whose open sheet has to be put away.
    pub fn set_open(&mut self, open: bool) -> Option<Wallet> {
        self.open = open;
        match self.stage {
            Stage::Sheet(wallet) if !open => {
                self.end();
                Some(wallet)
            }
            _ => None,
        }
    }

    /// A tap on a wallet's button. `None`: another sheet is open, an answer is awaited, or the checkout may not be paid.
    pub fn tap(&mut self, wallet: Wallet) -> Option<Turn> {
        if !self.open || self.stage != Stage::Ready {
            return None;
        }
        self.turn = self.turn.wrapping_add(1);
        self.stage = Stage::Sheet(wallet);
        Some(Turn(self.turn))
    }

    /// The sheet that is open, of whichever wallet.
    pub fn shown(&self) -> Option<Turn> {
        matches!(self.stage, Stage::Sheet(_)).then_some(Turn(self.turn))
    }

    /// The sheet has given its token. `stays`: it waits to be told the end. `false`: nobody wants the token any more.
    pub fn token(&mut self, turn: Turn, stays: bool) -> bool {
        match self.stage {
            Stage::Sheet(wallet) if self.is(turn) => {
                self.stage = Stage::Authorizing { wallet, sheet: stays };
                true
            }
            _ => false,
        }
    }

    /// The sheet is gone: closed by the shopper or the system, or broken. `true` if that is the end of this turn; a token that was
    /// handed over before is on its way, and its answer still comes.
    pub fn gone(&mut self, turn: Turn) -> bool {
        if !self.is(turn) {
            return false;
        }
        match self.stage {
            Stage::Sheet(_) => {
                self.end();
                true
            }
            Stage::Authorizing { wallet, .. } => {
                self.stage = Stage::Authorizing { wallet, sheet: false };
                false
            }
            Stage::Ready => false,
        }
    }

    /// What became of the token. Gives the wallet whose sheet waits to be told. `again`: the sheet stays open for another try.
    pub fn settle(&mut self, again: bool) -> Option<Wallet> {
        let Stage::Authorizing { wallet, sheet } = self.stage else { return None };
        if again && sheet {
            self.stage = Stage::Sheet(wallet);
        } else {
            self.end();
        }
        sheet.then_some(wallet)
    }

    /// The sheet's time for an answer is over. `true` if it is still there: then it is told, and the answer will find it gone.
    pub fn late(&mut self, turn: Turn) -> bool {
        let waits = self.is(turn) && matches!(self.stage, Stage::Authorizing { sheet: true, .. });
        if waits {
            self.gone(turn);
        }
        waits
    }

    fn is(self, turn: Turn) -> bool {
        self.turn == turn.0
    }

    /// What comes of this turn from now on is late.
    fn end(&mut self) {
        self.turn = self.turn.wrapping_add(1);
        self.stage = Stage::Ready;
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn open() -> Flow {
        let mut flow = Flow::default();
        assert_eq!(flow.set_open(true), None);
        flow
    }

    #[test]
    fn a_double_tap_opens_one_sheet_and_so_do_both_wallets_at_once() {
        let mut flow = open();
        let turn = flow.tap(Wallet::GooglePay).unwrap();
        assert_eq!(flow.tap(Wallet::GooglePay), None);
        assert_eq!(flow.tap(Wallet::ApplePay), None);
        assert!(flow.token(turn, false));
        assert_eq!(flow.tap(Wallet::ApplePay), None, "the first one may have paid");
        assert_eq!(flow.settle(false), None, "Google's sheet is gone by itself");
        assert!(flow.tap(Wallet::ApplePay).is_some());
    }

    #[test]
    fn a_token_of_a_sheet_that_was_put_away_is_wanted_by_nobody() {
        let mut flow = open();
        let turn = flow.tap(Wallet::GooglePay).unwrap();
        assert_eq!(flow.set_open(false), Some(Wallet::GooglePay));
        assert!(!flow.token(turn, false));
        flow.set_open(true);
        assert!(!flow.token(turn, false));
        let next = flow.tap(Wallet::GooglePay).unwrap();
        assert!(!flow.token(turn, false) && flow.token(next, false));
        assert!(!flow.token(next, false), "a token is used once");
    }

    #[test]
    fn a_sheet_that_is_cancelled_after_its_token_waits_for_no_answer_and_blocks_the_next_until_it_comes()
     {
        let mut flow = open();
        let turn = flow.tap(Wallet::ApplePay).unwrap();
        assert!(flow.token(turn, true));
        assert!(!flow.gone(turn));
        assert_eq!(flow.tap(Wallet::ApplePay), None);
        assert_eq!(flow.settle(false), None, "there is no sheet to be told");
        assert!(flow.tap(Wallet::ApplePay).is_some());
    }

    #[test]
    fn a_sheet_whose_time_is_over_is_told_once() {
        let mut flow = open();
        let turn = flow.tap(Wallet::ApplePay).unwrap();
        assert!(!flow.late(turn), "nothing was handed over");
        flow.token(turn, true);
        assert!(flow.late(turn));
        assert!(!flow.late(turn));
        assert_eq!(flow.settle(false), None);
    }

    #[test]
    fn a_contact_that_is_refused_leaves_the_sheet_open_for_another_token() {
        let mut flow = open();
        let turn = flow.tap(Wallet::ApplePay).unwrap();
        flow.token(turn, true);
        assert_eq!(flow.settle(true), Some(Wallet::ApplePay));
        assert_eq!(flow.stage(), Stage::Sheet(Wallet::ApplePay));
        assert!(flow.token(turn, true));
    }

    proptest! {
        /// Whatever happens in whatever order: between two taps at most one token is taken unless the sheet was told to try again, and
        /// a closed checkout takes none that was not begun while it was open.
        #[test]
        fn no_order_of_events_takes_a_token_twice(steps in proptest::collection::vec((0_u8..8, any::<bool>(), 0_usize..4), 0..60)) {
            let mut flow = Flow::default();
            let mut turns = Vec::new();
            let mut tokens = 0_u32;
            let mut allowed = 0_u32;
            for (step, flag, back) in steps {
                let wallet = if flag { Wallet::ApplePay } else { Wallet::GooglePay };
                let turn = turns.len().checked_sub(1 + back).map(|index| turns[index]);
                match (step, turn) {
                    (0, _) => { flow.set_open(flag); }
                    (1 | 2, _) => if let Some(turn) = flow.tap(wallet) {
                        turns.push(turn);
                        allowed += 1;
                    },
                    (3, Some(turn)) => tokens += u32::from(flow.token(turn, flag)),
                    (4, Some(turn)) => { flow.gone(turn); }
                    (5, _) => {
                        let told = flow.settle(flag).is_some();
                        allowed += u32::from(told && matches!(flow.stage(), Stage::Sheet(_)));
                    }
                    (6, Some(turn)) => { flow.late(turn); }
                    _ => {}
                }
                prop_assert!(tokens <= allowed);
            }
        }
    }
}
