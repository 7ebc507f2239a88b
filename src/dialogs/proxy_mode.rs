//! kube-proxy's mode, to be chosen; the model's assumptions and its numbers, where the reader can see them.

use crate::components::{Choice, Fact, Facts};
use crate::session::Session;
use crate::text;
use cluster::api::Action;
use cluster::node::kube_proxy::ProxyMode;
use leptos::prelude::*;

#[component]
pub fn ProxyModes() -> impl IntoView {
    let session = expect_context::<Session>();
    let timing = session.with_world(|world| world.timing().clone());
    let numbers = text::timing_numbers(&timing).into_iter().map(|(name, number)| {
        view! { <Fact name><code class="pk-mono">{number}</code></Fact> }
    });
    let assumptions = words::assumptions().into_iter().map(|assumption| {
        view! { <Fact name=assumption.title>{assumption.text}</Fact> }
    });
    let profile = match timing.network_factor {
        1 => "Every number is Kubernetes' or Linux' own default, or measured.".to_string(),
        factor => format!(
            "The network and TCP's own timers are slowed together, ×{factor}, so that an eye can follow. \
             Changes take about as long as in a real cluster, so more packets meet one half-way than would \
             there: read lost packets as a matter of order, not of number."
        ),
    };
    view! {
        <div class="pk-dialog-body">
            <span class="pk-row"><ProxyModeChoice/></span>
            <p class="pk-muted">
                "Each node's kube-proxy restarts in turn, removes its old rules and writes new ones. Connections go on."
            </p>
            <h3 class="pk-heading">"What this model assumes"</h3>
            <p>"A simulation of Kubernetes 1.36, computed in this page. Nothing is sent anywhere."</p>
            <Facts>{assumptions.collect_view()}</Facts>
            <h3 class="pk-heading">"Timing"</h3>
            <p>{profile}</p>
            <Facts>{numbers.collect_view()}</Facts>
        </div>
    }
}

#[component]
fn ProxyModeChoice() -> impl IntoView {
    let session = expect_context::<Session>();
    let mode = session.watch_scene(|world| world.config().proxy_mode);
    let choose = move |mode| {
        session.act(Action::SetProxyMode { mode });
    };
    view! {
        <Choice
            name="kube-proxy's mode"
            options=ProxyMode::ALL.into_iter().map(|mode| (mode, mode.as_str())).collect()
            chosen=move || Some(mode.get())
            on_choose=choose
        />
    }
}
