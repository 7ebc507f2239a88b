//! What each hook of a node did with a packet: the chains in which a rule matched, and what it was
//! rewritten to.

use crate::parts::*;
use cluster::node::kube_proxy::is_kube_proxys;
use cluster::trace::Hop;
use leptos::prelude::*;
use netfilter::{Rules, Tuple};
use std::net::SocketAddr;

/// One hook's part in a packet's way through a node.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// `PREROUTING`; `conntrack` where no rule had a say.
    pub hook: &'static str,
    /// Those in which a rule of kube-proxy's matched, or anybody's rewrote the packet, in order.
    pub chains: Vec<String>,
    /// The packet before and after, where it was rewritten.
    pub rewritten: Option<(Tuple, Tuple)>,
}

/// Empty where the node passed the packet on as it was, and no rule of kube-proxy's matched.
pub fn steps(hop: &Hop) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut tuple = hop.before;
    for hit in &hop.hits {
        let hook = hit.hook.as_str();
        if steps.last().is_none_or(|step| step.hook != hook) {
            steps.push(Step { hook, chains: Vec::new(), rewritten: None });
        }
        let Some(step) = steps.last_mut() else { continue };
        let is_told = |rules: &&Rules| hit.tuple_after.is_some() || is_kube_proxys(rules, hit.at());
        let rules = hop.rules.as_ref().filter(is_told);
        let chain = rules.and_then(|rules| rules.chain_name(hit.at()));
        if let Some(chain) = chain.filter(|chain| step.chains.last().is_none_or(|last| last != chain)) {
            step.chains.push(chain.to_string());
        }
        if let Some(after) = hit.tuple_after {
            let before = step.rewritten.map_or(tuple, |(before, _)| before);
            step.rewritten = Some((before, after));
            tuple = after;
        }
    }
    if tuple != hop.after {
        steps.push(Step { hook: "conntrack", chains: Vec::new(), rewritten: Some((tuple, hop.after)) });
    }
    steps.retain(|step| !step.chains.is_empty() || step.rewritten.is_some());
    steps
}

/// Rows of hook, chains and addresses.
pub fn rows(hop: &Hop) -> Kids {
    steps(hop).into_iter().map(row).collect()
}

fn row(step: Step) -> AnyView {
    let mut kids = vec![span("pk-hook", step.hook)];
    if !step.chains.is_empty() {
        kids.push(span("", step.chains.join(" → ")));
    }
    if let Some((before, after)) = step.rewritten {
        kids.push(addresses(before, after));
    }
    block("pk-tuple pk-mono", kids)
}

/// Source and destination; what changed is struck, with the new beside it.
pub fn addresses(before: Tuple, after: Tuple) -> AnyView {
    let source = |t: Tuple| SocketAddr::new(t.src, t.src_port);
    let target = |t: Tuple| SocketAddr::new(t.dst, t.dst_port);
    block(
        "pk-tuple pk-mono",
        vec![end(source(before), source(after)), text(" → "), end(target(before), target(after))],
    )
}

fn end(before: SocketAddr, after: SocketAddr) -> AnyView {
    if before == after {
        return span("", before.to_string());
    }
    let (before, after) = (before.to_string(), after.to_string());
    view! { <span><del>{before}</del>" "<ins>{after}</ins></span> }.into_any()
}
