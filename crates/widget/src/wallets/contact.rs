//! What a wallet is asked about the shopper, and what of its answer is used: exactly what the gateway requires and the merchant did not send.

use farthing_types::CustomerField;

/// What of the shopper a sheet is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// First and last name.
    pub name: bool,
    /// Street or city: more than a country and a postal code.
    pub address: bool,
    /// Country or postal code.
    pub region: bool,
    /// E-mail address.
    pub email: bool,
    /// Phone number.
    pub phone: bool,
}

impl Wanted {
    /// For the customer fields that the checkout asks for.
    pub fn of(ask: &[CustomerField]) -> Self {
        use CustomerField as F;
        let any = |fields: &[F]| fields.iter().any(|field| ask.contains(field));
        Self {
            name: any(&[F::FirstName, F::LastName]),
            address: any(&[F::Address, F::City]),
            region: any(&[F::Zip, F::Country]),
            email: any(&[F::Email]),
            phone: any(&[F::Phone]),
        }
    }
}

/// A name as two: the last word, and what stands before it. One word alone is a first name, and the last one is asked for.
pub fn split_name(name: &str) -> (&str, &str) {
    let name = name.trim_ascii();
    let space = name.bytes().rposition(|byte| byte == b' ');
    let halves = space.and_then(|space| name.split_at_checked(space));
    halves.map_or((name, ""), |(first, last)| (first.trim_ascii(), last.trim_ascii()))
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_asked_for_nothing_that_is_known() {
        use CustomerField as F;
        assert_eq!(Wanted::of(&[]), Wanted::default());
        assert_eq!(Wanted::of(&[F::Email]), Wanted { email: true, ..Wanted::default() });
        assert_eq!(Wanted::of(&[F::LastName]), Wanted { name: true, ..Wanted::default() });
        assert_eq!(
            Wanted::of(&[F::Zip, F::Phone]),
            Wanted { region: true, phone: true, ..Wanted::default() }
        );
        let all = Wanted { name: true, address: true, region: true, email: true, phone: true };
        assert_eq!(Wanted::of(&F::ALL), all);
    }

    #[test]
    fn names_are_split_without_losing_a_word() {
        for (name, first, last) in [
            ("Ann Lee", "Ann", "Lee"),
            ("  Anna Maria  Quill ", "Anna Maria", "Quill"),
            ("Cher", "Cher", ""),
            ("", "", ""),
        ] {
            assert_eq!(split_name(name), (first, last), "{name}");
        }
    }
}
