//! kube-proxy's mode, to be chosen; the model's assumptions and its numbers, where the reader can see them.

use crate::parts::*;
use crate::session::Session;
use crate::text;
use cluster::api::Action;
use cluster::node::kube_proxy::ProxyMode;
use leptos::prelude::*;

fn mode(session: Session) -> AnyView {
    session.scene_rev();
    let now = session.with_world(|world| world.config().proxy_mode);
    let options = ProxyMode::ALL.into_iter().map(|mode| {
        let act = move || {
            session.act(Action::SetProxyMode { mode });
        };
        (mode.as_str(), mode == now, Act::new(move |()| act()))
    });
    choice("kube-proxy's mode", options.collect())
}

pub fn body(session: Session) -> AnyView {
    let timing = session.with_world(|world| world.timing().clone());
    let assumptions =
        words::assumptions().into_iter().map(|assumption| (assumption.title, text(assumption.text)));
    let numbers =
        text::timing_numbers(&timing).into_iter().map(|(name, n)| (name, code(n))).collect::<Vec<_>>();
    let profile = match timing.network_factor {
        1 => "Every number is Kubernetes' or Linux' own default, or measured.".to_string(),
        factor => format!(
            "The network and TCP's own timers are slowed together, ×{factor}, so that an eye can follow. \
             Changes take about as long as in a real cluster, so more packets meet one half-way than would \
             there: read lost packets as a matter of order, not of number."
        ),
    };
    block(
        "pk-dialog-body",
        vec![
            inline("pk-row", vec![live(move || mode(session))]),
            says(
                "pk-muted",
                "Each node's kube-proxy restarts in turn, removes its old rules and writes new ones. Connections go on.",
            ),
            heading("What this model assumes"),
            says("", "A simulation of Kubernetes 1.36, computed in this page. Nothing is sent anywhere."),
            facts(assumptions.collect()),
            heading("Timing"),
            says("", profile),
            facts(numbers),
        ],
    )
}
