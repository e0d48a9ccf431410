//! The customer data that the gateway requires and the merchant did not send.

use farthing_types::CustomerField;
use farthing_types::checkout::Field;
use leptos::prelude::*;

use crate::fields::{FieldGroup, FieldSpec, Ids};
use crate::model::Model;
use crate::text;

/// The fields in `ask`, in the order of [`CustomerField::ALL`]; nothing if there are none.
#[component]
pub fn CustomerFields(
    /// The mount's ids.
    ids: Ids,
    /// Which fields.
    ask: Vec<CustomerField>,
    /// What the shopper typed before.
    typed: Vec<(CustomerField, String)>,
    /// The live part.
    model: Model,
) -> impl IntoView {
    let mut fields = specs(&ask);
    for spec in &mut fields {
        spec.value = typed
            .iter()
            .find(|(field, _)| spec.field == Field::Customer(*field))
            .map(|(_, value)| value.clone());
    }
    (!fields.is_empty()).then(|| {
        view! {
            <FieldGroup legend=text::CUSTOMER_GROUP titled=true fields=fields ids=ids model=model />
        }
    })
}

/// The fields in the form's order. First and last name share a line when both are asked for, and so do postal code and city.
fn specs(ask: &[CustomerField]) -> Vec<FieldSpec> {
    let asked = |field: CustomerField| ask.contains(&field);
    CustomerField::ALL
        .into_iter()
        .filter(|field| asked(*field))
        .map(|field| FieldSpec { half: partner(field).is_some_and(asked), ..spec(field) })
        .collect()
}

/// Whom a field shares its line with.
const fn partner(field: CustomerField) -> Option<CustomerField> {
    match field {
        CustomerField::FirstName => Some(CustomerField::LastName),
        CustomerField::LastName => Some(CustomerField::FirstName),
        CustomerField::Zip => Some(CustomerField::City),
        CustomerField::City => Some(CustomerField::Zip),
        _ => None,
    }
}

const fn spec(field: CustomerField) -> FieldSpec {
    let (autocomplete, kind, inputmode, autocapitalize) = match field {
        CustomerField::FirstName => ("given-name", "text", "text", "words"),
        CustomerField::LastName => ("family-name", "text", "text", "words"),
        CustomerField::Email => ("email", "email", "email", "none"),
        CustomerField::Phone => ("tel", "tel", "tel", "none"),
        CustomerField::Address => ("address-line1", "text", "text", "words"),
        CustomerField::Zip => ("postal-code", "text", "text", "characters"),
        CustomerField::City => ("address-level2", "text", "text", "words"),
        // Chosen from a list: a code is what the gateway wants and a name is what people know.
        CustomerField::Country => ("country", "text", "text", "none"),
    };
    FieldSpec {
        field: Field::Customer(field),
        label: text::customer_label(field),
        autocomplete,
        kind,
        inputmode,
        autocapitalize,
        hint: text::customer_hint(field),
        half: false,
        value: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_the_forms_order_and_pair_up_only_when_both_are_asked() {
        use CustomerField as F;
        let found = |ask: &[F]| -> Vec<_> {
            specs(ask).into_iter().map(|spec| (spec.field, spec.half)).collect()
        };
        let customer = Field::Customer;
        assert_eq!(found(&[]), []);
        assert_eq!(
            found(&[F::City, F::LastName]),
            [(customer(F::LastName), false), (customer(F::City), false)]
        );
        assert_eq!(
            found(&[F::Country, F::City, F::Zip, F::LastName, F::FirstName]),
            [
                (customer(F::FirstName), true),
                (customer(F::LastName), true),
                (customer(F::Zip), true),
                (customer(F::City), true),
                (customer(F::Country), false)
            ]
        );
    }
}
