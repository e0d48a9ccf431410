//! What the server says of an order, in the shop's words.

use serde_json::{Value, json};

/// What the server says of an order.
#[derive(Debug)]
pub(super) struct Standing {
    /// `GET /v1/payments?order_id=…`, newest first.
    pub(super) payments: Vec<Value>,
    /// The session's status.
    pub(super) session: String,
}

/// What the shop's page is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Paying, or watching a payment.
    Pay,
    /// Nothing more to pay.
    Done,
    /// The session is over, and nothing was paid.
    Over,
}

impl Stage {
    /// The word in the page and in JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Done => "done",
            Self::Over => "over",
        }
    }
}

impl Standing {
    /// The order's state: that of the payment that took money, else that of the newest attempt.
    pub(super) fn state(&self) -> &str {
        let settled = ["paid", "authorized", "partially_refunded", "refunded", "needs_attention"];
        let status =
            |payment: &'_ Value| payment.get("status").and_then(Value::as_str).map(str::to_owned);
        let all: Vec<String> = self.payments.iter().filter_map(status).collect();
        settled
            .into_iter()
            .find(|settled| all.iter().any(|status| status == settled))
            .or_else(|| {
                let newest = all.first()?;
                ["requires_action", "processing", "failed", "canceled"]
                    .into_iter()
                    .find(|known| known == newest)
            })
            .unwrap_or("unpaid")
    }

    /// Which part of the page is shown.
    pub(super) fn stage(&self) -> Stage {
        match (self.state(), self.session.as_str()) {
            ("paid" | "authorized" | "partially_refunded" | "refunded" | "needs_attention", _) => {
                Stage::Done
            }
            // A payment under way is waited for even if nobody may start another one.
            ("processing" | "requires_action", _) | (_, "open" | "processing") => Stage::Pay,
            _ => Stage::Over,
        }
    }

    /// The state in the shop's words, and whether that is good or bad news.
    pub(super) fn sentence(&self) -> (&'static str, &'static str) {
        match self.state() {
            "paid" => ("good", "Paid. Thank you: your order is on its way."),
            "authorized" => ("good", "Reserved on your card. Thank you."),
            "partially_refunded" | "refunded" => ("", "Refunded."),
            "needs_attention" => ("", "We are looking into your payment and will write to you."),
            "requires_action" => ("", "Your bank is waiting for you."),
            "processing" => ("", "Your payment is being processed."),
            "failed" => ("bad", "The payment did not go through. You have not been charged."),
            "canceled" => ("bad", "The payment was canceled. You have not been charged."),
            _ => ("", "Not paid yet."),
        }
    }

    /// What the page's script needs.
    pub(super) fn to_json(&self) -> Value {
        let (tone, words) = self.sentence();
        json!({
            "state": self.state(),
            "stage": self.stage().word(),
            "session": self.session,
            "tone": tone,
            "words": words,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(statuses: &[&str], session: &str) -> Standing {
        let payments = statuses.iter().map(|status| json!({"status": status})).collect();
        Standing { payments, session: session.to_owned() }
    }

    #[test]
    fn an_unknown_state_never_reads_as_paid() {
        let odd = standing(&["PAID!"], "open");
        assert_eq!((odd.state(), odd.stage()), ("unpaid", Stage::Pay));
    }

    #[test]
    fn money_taken_once_is_never_asked_for_again() {
        for session in ["open", "processing", "complete", "expired"] {
            assert_eq!(standing(&["failed", "paid"], session).stage(), Stage::Done);
        }
    }

    #[test]
    fn a_payment_under_way_is_waited_for_even_after_the_session() {
        assert_eq!(standing(&["processing"], "expired").stage(), Stage::Pay);
        assert_eq!(standing(&["failed"], "expired").stage(), Stage::Over);
        assert_eq!(standing(&[], "expired").stage(), Stage::Over);
        assert_eq!(standing(&["failed"], "open").stage(), Stage::Pay);
    }
}
