//! What each hook of a node did with a packet: the chains in which a rule matched, and what it was
//! rewritten to.

use cluster::node::kube_proxy::is_kube_proxys;
use cluster::trace::Hop;
use netfilter::{Rules, Tuple};

/// One hook's part in a packet's way through a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// `PREROUTING`; `conntrack` if no rule decided.
    pub hook: &'static str,
    /// The chains in which a rule of kube-proxy matched, or any rule rewrote the packet, in order.
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
        let is_interesting = |rules: &&Rules| hit.tuple_after.is_some() || is_kube_proxys(rules, hit.at());
        let rules = hop.rules.as_ref().filter(is_interesting);
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
