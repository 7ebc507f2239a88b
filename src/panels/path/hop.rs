//! What one place did with a packet.

use super::addresses::{AddressChange, Addresses};
use super::steps::steps;
use crate::components::{Details, Listing};
use crate::session::{HopRef, Session};
use crate::text;
use cluster::sim::World;
use cluster::trace::{Hop, HopKind, PacketTrace};
use leptos::prelude::*;

#[derive(Clone, Debug, PartialEq)]
pub struct HopFacts {
    words: String,
    /// The packet went no further.
    is_end: bool,
    /// Where it passed as it was.
    unchanged: Option<AddressChange>,
    steps: Vec<StepFacts>,
    /// By a rule that was out of date.
    is_stale: bool,
    /// Each with its table.
    matched_rules: Vec<String>,
}

/// A hook's part, as [`super::steps::Step`] has it.
#[derive(Clone, Debug, PartialEq)]
struct StepFacts {
    hook: &'static str,
    chains: String,
    change: Option<AddressChange>,
}

impl HopFacts {
    pub fn of(world: &World, packet: &PacketTrace, hop: &Hop) -> HopFacts {
        let change = |before, after| AddressChange::new(before, after, packet.kind.is_error());
        let steps = steps(hop).into_iter().map(|step| StepFacts {
            hook: step.hook,
            chains: step.chains.join(" → "),
            change: step.rewritten.map(|(before, after)| change(before, after)),
        });
        HopFacts {
            words: text::stopped(&words::hop(world, packet, hop)),
            is_end: matches!(hop.kind, HopKind::Refused | HopKind::Dropped),
            unchanged: (hop.before == hop.after).then(|| change(hop.before, hop.after)),
            steps: steps.collect(),
            is_stale: hop.stale,
            matched_rules: matched_rules(hop),
        }
    }
}

fn matched_rules(hop: &Hop) -> Vec<String> {
    let Some(rules) = &hop.rules else { return Vec::new() };
    let print = |at| Some(format!("{}: {}", rules.table_name(at)?, rules.rule_text(at)?));
    hop.hits.iter().filter_map(|hit| print(hit.at())).collect()
}

/// While it has the focus or the pointer, it is shown in the picture.
#[component]
pub fn HopItem(this: HopRef, hop: Memo<HopFacts>) -> impl IntoView {
    let session = expect_context::<Session>();
    let show = move || session.hop.set(Some(this));
    let hide = move || session.hop.set(None);
    let rules = Memo::new(move |_| hop.read().matched_rules.clone());
    view! {
        <li
            class="pk-hop"
            tabindex="0"
            aria-current=move || (session.hop.get() == Some(this)).then_some("true")
            on:focus=move |_| show()
            on:pointerenter=move |_| show()
            on:pointerleave=move |_| hide()
            on:blur=move |_| hide()
        >
            <span class:pk-fail=move || hop.read().is_end>{move || hop.read().words.clone()}</span>
            {move || hop.read().unchanged.clone().map(|change| view! { <Addresses change/> })}
            {move || steps_view(&hop.read().steps)}
            <Show when=move || hop.read().is_stale>
                <div class="pk-muted">"By a rule that is out of date."</div>
            </Show>
            <Show when=move || !rules.read().is_empty()>
                <Details summary=Signal::derive(move || text::count(rules.read().len(), "rule") + " matched")>
                    <Listing name="Rules that matched" text=move || rules.read().join("\n")/>
                </Details>
            </Show>
        </li>
    }
}

fn steps_view(steps: &[StepFacts]) -> impl IntoView + use<> {
    let row = |step: &StepFacts| {
        view! {
            <div class="pk-tuple pk-mono">
                <span class="pk-hook">{step.hook}</span>
                <span>{step.chains.clone()}</span>
                {step.change.clone().map(|change| view! { <Addresses change/> })}
            </div>
        }
    };
    steps.iter().map(row).collect_view()
}
