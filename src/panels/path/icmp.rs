//! What a node did with an ICMP error: it has addresses, and no ports.

use super::steps::steps;
use crate::parts::*;
use cluster::trace::Hop;
use leptos::prelude::*;
use netfilter::Tuple;

/// The packet, and where it was rewritten, by which hook.
pub fn rows(hop: &Hop) -> Kids {
    let whole =
        (hop.before == hop.after).then(|| block("pk-tuple pk-mono", addresses(hop.before, hop.after)));
    let rewritten = steps(hop).into_iter().map(|step| {
        let mut kids = vec![span("pk-hook", step.hook), span("", step.chains.join(" → "))];
        kids.extend(
            step.rewritten.map(|(before, after)| block("pk-tuple pk-mono", addresses(before, after))),
        );
        block("pk-tuple pk-mono", kids)
    });
    whole.into_iter().chain(rewritten).collect()
}

fn addresses(before: Tuple, after: Tuple) -> Kids {
    let [source, target] = ends(before, after);
    vec![source, text(" → "), target]
}

fn ends(before: Tuple, after: Tuple) -> [AnyView; 2] {
    [(before.src, after.src), (before.dst, after.dst)].map(|(before, after)| match before == after {
        true => span("", before.to_string()),
        false => {
            let (before, after) = (before.to_string(), after.to_string());
            view! { <span><del>{before}</del>" "<ins>{after}</ins></span> }.into_any()
        }
    })
}
