//! Which brand of a co-badged card is used: the shopper's choice, and nobody's default.
//!
//! Source: Regulation (EU) 2015/751, article 8 (6).

use farthing_types::Brand;
use leptos::prelude::*;

use crate::fields::Ids;
use crate::model::Model;
use crate::text;

/// `name` of the choice in the form.
pub const CARD_BRAND: &str = "card_brand";

/// Every brand between which [`Brand::choices`] can leave a choice.
const OFFERED: [Brand; 6] = [
    Brand::Visa,
    Brand::Mastercard,
    Brand::Maestro,
    Brand::Dankort,
    Brand::CartesBancaires,
    Brand::Bancontact,
];

/// The brands of the number, one radio button each. Hidden while there is no choice, as before the page is alive.
#[component]
pub fn BrandChoice(
    /// The live part.
    model: Model,
    /// The mount's ids.
    ids: Ids,
) -> impl IntoView {
    let buttons = OFFERED
        .into_iter()
        .map(|brand| {
            let id = ids.of(brand.name());
            let for_id = id.clone();
            let hidden =
                Signal::derive(move || (!model.look.get().choices.contains(brand)).then_some(""));
            view! {
                <span class=String::from("brand ") + brand.name() hidden=hidden>
                    <input type="radio" name=CARD_BRAND id=id value=brand.name() />
                    <label for=for_id>{brand.label()}</label>
                </span>
            }
        })
        .collect_view();
    let hidden = Signal::derive(move || model.look.get().choices.is_empty().then_some(""));
    view! {
        <fieldset class="brands" hidden=hidden>
            <legend>{text::CHOOSE_BRAND}</legend>
            {buttons}
        </fieldset>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_brand_that_shares_its_cards_with_a_national_one_can_be_offered() {
        let national = [Brand::Dankort, Brand::CartesBancaires, Brand::Bancontact];
        for brand in Brand::ALL {
            let may_be_a_choice = national.contains(&brand)
                || national.into_iter().any(|other| brand.is_paired_with(other));
            assert_eq!(OFFERED.contains(&brand), may_be_a_choice, "{brand}");
        }
    }
}
