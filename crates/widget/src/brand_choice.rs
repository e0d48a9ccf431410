//! Which brand of a co-badged card is used: the shopper's choice, and nobody's default.
//!
//! Source: Regulation (EU) 2015/751, article 8 (6).

use leptos::prelude::*;

use crate::fields::Ids;
use crate::model::Model;
use crate::text;

/// `name` of the choice in the form.
pub const CARD_BRAND: &str = "card_brand";

/// The brands of the number, one radio button each; nothing while there is no choice, and never before the page is alive.
#[component]
pub fn BrandChoice(
    /// The live part.
    model: Model,
    /// The mount's ids.
    ids: Ids,
) -> impl IntoView {
    move || {
        let brands = model.look.get().choices;
        let buttons = brands
            .iter()
            .map(|brand| {
                let id = ids.of(brand.name());
                let for_id = id.clone();
                view! {
                    <span class=format!("brand {}", brand.name())>
                        <input type="radio" name=CARD_BRAND id=id value=brand.name() />
                        <label for=for_id>{brand.label()}</label>
                    </span>
                }
            })
            .collect_view();
        (!brands.is_empty()).then(|| {
            view! {
                <fieldset class="brands">
                    <legend>{text::CHOOSE_BRAND}</legend>
                    {buttons}
                </fieldset>
            }
        })
    }
}
