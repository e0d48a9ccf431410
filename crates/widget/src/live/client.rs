//! A checkout drawn by the browser, inside any Leptos application.

use farthing_types::checkout::CheckoutView;
use gloo_net::http::Request;
use leptos::either::EitherOf3;
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::wire;
use crate::checkout::Checkout;
use crate::fields::Ids;
use crate::link::own_path;
use crate::model::{Listener, Model};
use crate::text;

/// Asks the server for what a checkout shows; `None` if it does not say, or says that there is none.
pub async fn load(path: &str) -> Option<CheckoutView> {
    let request = Request::get(own_path(path)?).header("Accept", "application/json");
    let response = request.send().await.ok()?;
    if !response.ok() {
        return None;
    }
    wire::view(&wire::json(response).await?)
}

/// The whole checkout of a session: loads it, draws it, follows it, and takes everything away again when it goes.
///
/// The application has to be on the server's own origin, behind the same host, because the server answers no other. It brings the
/// styles itself: [`crate::STYLES`], or its own for the same classes. Card data goes from the inputs straight to the server.
#[component]
pub fn ClientCheckout(
    /// `/checkout/{cst}`, the path of a session's `url`. Another path loads another checkout.
    #[prop(into)]
    path: Signal<String>,
    /// Told what happens: see [`crate::CheckoutEvent`].
    #[prop(optional, into)]
    on_event: Option<Listener>,
    /// The mount's ids, if the page holds more than one checkout.
    #[prop(default = Ids::default())]
    ids: Ids,
) -> impl IntoView {
    let loaded = RwSignal::new(Loaded::Waiting);
    let tries = RwSignal::new(0_u32);
    let asked = StoredValue::new(0_u32);
    Effect::new(move |_| {
        let path = path.get();
        tries.track();
        loaded.set(Loaded::Waiting);
        asked.update_value(|asked| *asked += 1);
        let number = asked.get_value();
        spawn_local(async move {
            let view = load(&path).await;
            // Taken away meanwhile, or asked for another session: this answer is nobody's any more.
            if asked.try_get_value() == Some(number) {
                loaded.set(view.map_or(Loaded::Failed, |view| Loaded::View(Box::new(view))));
            }
        });
    });
    move || match loaded.get() {
        Loaded::Waiting => {
            EitherOf3::A(view! { <p class="quiet" role="status">{text::LOADING}</p> })
        }
        Loaded::Failed => EitherOf3::B(view! {
            <div role="alert">
                <p>{text::NOT_LOADED}</p>
                <button class="action" type="button" on:click=move |_| tries.update(|tries| *tries += 1)>
                    {text::TRY_AGAIN}
                </button>
            </div>
        }),
        Loaded::View(view) => {
            EitherOf3::C(view! { <Followed view=*view on_event=on_event ids=ids.clone() /> })
        }
    }
}

/// How far loading has come.
#[derive(Clone)]
enum Loaded {
    Waiting,
    Failed,
    View(Box<CheckoutView>),
}

/// A checkout that follows the server for as long as it is there.
#[component]
fn Followed(view: CheckoutView, on_event: Option<Listener>, ids: Ids) -> impl IntoView {
    let model = Model::new(&view);
    model.listener.set_value(on_event);
    // After the first drawing: only then are there inputs to bring to life.
    Effect::new(move |_| {
        let watch = super::start(model);
        let paused = watch.clone();
        let hide = window_event_listener(ev::pagehide, move |_| {
            super::forget_card(model);
            paused.pause();
        });
        let resumed = watch.clone();
        let show = window_event_listener(ev::pageshow, move |event| {
            if event.persisted() {
                resumed.resume();
            }
        });
        on_cleanup(move || {
            hide.remove();
            show.remove();
        });
        let ended = StoredValue::new_local(watch);
        on_cleanup(move || ended.with_value(super::Watch::pause));
    });
    view! { <Checkout view=view model=model ids=ids /> }
}
