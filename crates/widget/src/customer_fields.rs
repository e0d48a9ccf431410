//! The customer data that the gateway requires and the merchant did not send.

use farthing_types::CustomerField;
use farthing_types::checkout::{Field, FieldError};
use leptos::prelude::*;

use crate::countries::COUNTRIES;
use crate::fields::{FieldFrame, Ids, TextField, described_by, error_of};
use crate::text;

/// Fields that share a line when both are asked for.
const PAIRS: [(CustomerField, CustomerField); 2] = [
    (CustomerField::FirstName, CustomerField::LastName),
    (CustomerField::Zip, CustomerField::City),
];

/// The fields in `ask`, in the order of [`CustomerField::ALL`]; nothing if there are none.
#[component]
pub fn CustomerFields(
    /// The mount's ids.
    ids: Ids,
    /// Which fields.
    ask: Vec<CustomerField>,
    /// What the shopper typed before.
    typed: Vec<(CustomerField, String)>,
    /// What the last submit was refused for.
    errors: Vec<FieldError>,
) -> impl IntoView {
    let one = |field: CustomerField| {
        let value = typed.iter().find(|(of, _)| *of == field).map(|(_, value)| value.clone());
        view! { <CustomerInput ids=ids.clone() field=field value=value error=error_of(&errors, Field::Customer(field)) /> }
    };
    let rows = rows(&ask)
        .into_iter()
        .map(|(first, second)| match second {
            Some(second) => view! { <div class="pair" class:roomy=first == CustomerField::FirstName>{one(first)} {one(second)}</div> }.into_any(),
            None => one(first).into_any(),
        })
        .collect_view();
    (!ask.is_empty()).then(|| {
        view! {
            <fieldset>
                <legend>{text::CUSTOMER_GROUP}</legend>
                {rows}
            </fieldset>
        }
    })
}

/// One line after the other, each of one field or of a pair.
fn rows(ask: &[CustomerField]) -> Vec<(CustomerField, Option<CustomerField>)> {
    let asked = |field: &CustomerField| ask.contains(field);
    CustomerField::ALL
        .into_iter()
        .filter(asked)
        .filter(|field| !PAIRS.iter().any(|(first, second)| second == field && asked(first)))
        .map(|field| {
            let second = PAIRS.iter().find(|(first, _)| *first == field).map(|(_, second)| *second);
            (field, second.filter(asked))
        })
        .collect()
}

/// One customer field.
#[component]
fn CustomerInput(
    ids: Ids,
    field: CustomerField,
    value: Option<String>,
    error: Option<String>,
) -> impl IntoView {
    let name = field.name();
    let label = text::customer_label(field);
    let hint = text::customer_hint(field);
    let (autocomplete, kind, inputmode, autocapitalize) = match field {
        CustomerField::FirstName => ("given-name", "text", "text", "words"),
        CustomerField::LastName => ("family-name", "text", "text", "words"),
        CustomerField::Email => ("email", "email", "email", "none"),
        CustomerField::Phone => ("tel", "tel", "tel", "none"),
        CustomerField::Address => ("address-line1", "text", "text", "words"),
        CustomerField::Zip => ("postal-code", "text", "text", "characters"),
        CustomerField::City => ("address-level2", "text", "text", "words"),
        CustomerField::Country => {
            return view! { <CountryField ids=ids value=value error=error /> }.into_any();
        }
    };
    view! {
        <TextField
            ids=ids
            name=name
            label=label
            autocomplete=autocomplete
            kind=kind
            inputmode=inputmode
            autocapitalize=autocapitalize
            hint=hint
            value=value
            error=error
        />
    }
    .into_any()
}

/// The country, chosen from a list: a code is what the gateway wants and a name is what people know.
#[component]
fn CountryField(ids: Ids, value: Option<String>, error: Option<String>) -> impl IntoView {
    let field = CustomerField::Country;
    let id = ids.of(field.name());
    let described = described_by(&id, false, error.is_some());
    let invalid = error.is_some().then_some("true");
    let chosen = value.unwrap_or_default();
    let options = COUNTRIES
        .iter()
        .map(|(code, name)| {
            let selected = chosen.trim().eq_ignore_ascii_case(code);
            view! { <option value=*code selected=selected>{*name}</option> }
        })
        .collect_view();
    view! {
        <FieldFrame id=id.clone() label=text::customer_label(field) hint=None error=error>
            <span class="choice">
                <select
                    id=id
                    name=field.name()
                    autocomplete="country"
                    aria-required="true"
                    aria-invalid=invalid
                    aria-describedby=described
                >
                    <option value="">{text::CHOOSE_COUNTRY}</option>
                    {options}
                </select>
            </span>
        </FieldFrame>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_the_forms_order_and_pair_up_only_when_both_are_asked() {
        use CustomerField as F;
        assert_eq!(rows(&[]), []);
        assert_eq!(rows(&[F::City, F::LastName]), [(F::LastName, None), (F::City, None)]);
        assert_eq!(
            rows(&[F::Country, F::City, F::Zip, F::LastName, F::FirstName]),
            [(F::FirstName, Some(F::LastName)), (F::Zip, Some(F::City)), (F::Country, None)]
        );
    }
}
