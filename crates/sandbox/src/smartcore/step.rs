//! The next step of a payment in the fields of a reply or of `check`.

use farthing_gateways::smartcore::wire::StepFields;

use crate::order::{Order, Step};
use crate::sandbox::Shared;
use crate::state::State;
use crate::three_ds::{v1, v2};

/// What the shopper's browser needs to take this step.
pub(crate) fn fields(shared: &Shared, state: &State, order: &Order, step: Step) -> StepFields {
    let (faults, names, id) = (&state.faults, state.names(order), &order.processing_id);
    let acs_url = |path| Some(shared.acs_url(faults.acs_base.as_ref(), path, id));
    match step {
        Step::Creq => StepFields {
            acsurl: acs_url("2"),
            creq: Some(v2::creq(&names)),
            md: Some(names.session_data()),
            ..StepFields::default()
        },
        Step::FormUrl => StepFields {
            form_url: Some(shared.form_url(faults.form_base.as_ref(), id)),
            ..StepFields::default()
        },
        Step::Method => StepFields {
            acsurl: acs_url("method"),
            three_ds_method_data: Some(v2::method_request(&names, shared.way_in("method", id))),
            ..StepFields::default()
        },
        Step::PaReq => StepFields {
            acsurl: acs_url("1"),
            pa_req: Some(v1::pa_req(&names, order)),
            md: Some(names.session_data()),
            term_url: (!faults.term_url_absent).then(|| shared.way_in("term", id)),
            ..StepFields::default()
        },
    }
}
