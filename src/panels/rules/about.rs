//! The heading of a listing: what the rules are, how old, and what is outdated in them.

use super::source::{Source, When};
use crate::panels::kube_proxy::KubeProxyState;
use crate::session::Session;
use crate::text;
use cluster::api::{Service, Uid};
use cluster::node::{Hearing, Lag, StalePort, StaleService};
use leptos::prelude::*;
use std::net::SocketAddr;
use std::sync::Arc;

#[component]
pub fn AboutRules(
    source: Memo<Source>,
    #[prop(into)] node: Signal<Option<Uid>>,
    /// The only one whose rules are listed, if there is one.
    service: Memo<Option<Arc<Service>>>,
) -> impl IntoView {
    let what = Memo::new(move |_| what(&source.read(), node.get()));
    let when = Memo::new(move |_| source.read().when);
    let in_force = Memo::new(move |_| {
        let is_in_force = source.read().rules.is_some() && when.get() == When::Now;
        node.get().filter(|_| is_in_force)
    });
    view! {
        <div>
            <p class="pk-muted">{what}</p>
            <ShowLet some=in_force let:node>
                <InForce node service/>
            </ShowLet>
            {move || when.get().words().map(|(class, words)| view! { <p class=class>{words}</p> })}
        </div>
    }
}

/// `120 rules, as iptables-restore takes them.`
fn what(source: &Source, node: Option<Uid>) -> String {
    match (&source.rules, node) {
        (_, None) => "No node is there.".into(),
        (None, Some(_)) => "This node is gone.".into(),
        (Some(rules), Some(_)) => format!("{} rules, {}.", rules.rule_count(), readers(rules.reader())),
    }
}

impl When {
    /// Of rules that are not in force, and how much care that deserves.
    fn words(self) -> Option<(&'static str, String)> {
        match self {
            When::Now => None,
            When::Then => {
                let words = "As they were when the packet passed. kube-proxy has written others since.";
                Some(("pk-care", words.into()))
            }
            When::AsIf(mode) => {
                let words = format!(
                    "As kube-proxy would write them in {} mode, from what this node has seen by now. No packet \
                     meets them.",
                    mode.as_str()
                );
                Some(("pk-muted", words))
            }
        }
    }
}

/// How far the rules are behind, and what is wrong in them because of that.
#[component]
fn InForce(node: Uid, service: Memo<Option<Arc<Service>>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let stale = session.watch_rules(move |world| {
        world.lag_of(node).map(|lag| stale(&lag, service.read().as_deref())).unwrap_or_default()
    });
    view! {
        <p>
            <KubeProxyState node/>
        </p>
        {move || stale.get().into_iter().map(|words| view! { <p class="pk-care">{words}</p> }).collect_view()}
    }
}

/// `as nft -f takes them`: who reads the text, which in one mode is the input of several programs.
fn readers(names: &str) -> String {
    match names.contains(" and ") {
        true => format!("as {names} take them: each part under its program's name"),
        false => format!("as {names} takes them"),
    }
}

/// What is outdated in the rules, in sentences: for one Service, or for all.
fn stale(lag: &Lag, service: Option<&Service>) -> Vec<String> {
    let list =
        |endpoints: &[SocketAddr]| text::and(&endpoints.iter().map(ToString::to_string).collect::<Vec<_>>());
    let mut said = Vec::new();
    let mine = |port: &&StalePort| service.is_none_or(|service| port.port.service == service.meta.key());
    for port in lag.stale.iter().filter(mine) {
        match port.service {
            StaleService::Current => {}
            StaleService::Unknown => said.push(format!("{}: not in these rules yet.", port.port)),
            StaleService::Deleted => said.push(format!("{}: deleted, and still in these rules.", port.port)),
            StaleService::Changed => {
                said.push(format!("{}: changed since these rules were written.", port.port));
            }
        }
        if !port.gone.is_empty() && port.service != StaleService::Deleted {
            said.push(format!("{}: still chooses {}.", port.port, list(&port.gone)));
        }
        if !port.missing.is_empty() && port.service != StaleService::Unknown {
            said.push(format!("{}: does not know {} yet.", port.port, list(&port.missing)));
        }
    }
    if said.is_empty() && lag.behind > 0 && lag.hearing != Hearing::Off {
        said.push("What it has not heard would not change these rules.".into());
    }
    said
}
