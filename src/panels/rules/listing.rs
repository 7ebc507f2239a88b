//! One listing: the rules of one node in one mode, as far as they are asked for.

use super::about::AboutRules;
use super::lines::{Group, Marks, groups, marks, wanted};
use super::printed::{Printed, struck};
use super::query::{Query, Scope};
use super::source::{Source, When, source};
use crate::components::Button;
use crate::session::Session;
use crate::text;
use crate::ui::copy_text;
use cluster::api::{Service, Uid};
use cluster::node::kube_proxy::ProxyMode;
use leptos::prelude::*;
use std::net::SocketAddr;
use std::sync::Arc;

/// Lines that are shown at first, and with each wish for more.
const LINES: usize = 400;

/// What a listing shows, worked out step by step.
#[derive(Clone, Copy)]
struct Listing {
    session: Session,
    query: Query,
    node: RwSignal<Option<Uid>>,
    source: Memo<Source>,
    printed: Memo<PrintedRules>,
    /// The only one whose rules are listed, if there is one.
    service: Memo<Option<Arc<Service>>>,
    marks: Memo<Marks>,
    /// The lines that are asked for, in their order.
    wanted: Memo<Vec<usize>>,
    /// How many of them are shown at most.
    room: RwSignal<usize>,
    groups: Memo<Vec<Group>>,
}

/// The printed text. Another one only when it was printed again.
#[derive(Clone)]
struct PrintedRules(Arc<Printed>);

impl PartialEq for PrintedRules {
    fn eq(&self, other: &PrintedRules) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Listing {
    fn new(
        session: Session,
        query: Query,
        node: RwSignal<Option<Uid>>,
        mode: RwSignal<Option<ProxyMode>>,
    ) -> Listing {
        let source = session.watch_rules(move |world| {
            session.opened_rev();
            let family = query.family_on(world, node.get());
            node.get().map_or(Source::NONE, |node| source(world, query.of, node, mode.get(), family))
        });
        let printed = Memo::new(move |_| PrintedRules(Arc::new(Printed::new(&source.read().text()))));
        let service = session.watch_scene(move |world| match query.scope.get() {
            Scope::Service(uid) => world.store().service_by_uid(uid).cloned(),
            Scope::Whole => None,
        });
        let marks = session.watch_traffic(move |world| {
            let (source, printed) = (source.read(), printed.get());
            node.get().map(|node| marks(world, query.of, node, &source, &printed.0)).unwrap_or_default()
        });
        let wanted = Memo::new(move |_| {
            let service = service.get();
            wanted(query, &source.read(), &printed.get().0, &marks.read(), service.as_deref())
        });
        let room = RwSignal::new(LINES);
        let groups = Memo::new(move |_| {
            let wanted = wanted.read();
            groups(&printed.get().0, &wanted[..room.get().min(wanted.len())])
        });
        Listing { session, query, node, source, printed, service, marks, wanted, room, groups }
    }

    /// `web on node-1`, `all of node-1, in nftables mode`
    fn name(self) -> String {
        let node = self.node.get();
        let node = self.session.with_world(|world| {
            node.and_then(|node| world.machines().get(&node)).map(|machine| machine.name.to_string())
        });
        let node = node.unwrap_or_default();
        let what = match &*self.service.read() {
            Some(service) => format!("{} on {node}", service.meta.name),
            None => format!("all of {node}"),
        };
        match self.source.read().when {
            When::AsIf(mode) => format!("{what}, in {} mode", mode.as_str()),
            When::Now | When::Then => what,
        }
    }

    /// `24 lines, 3 matched`
    fn count(self) -> String {
        let (wanted, marks) = (self.wanted.read(), self.marks.read());
        let matched = wanted.iter().filter(|line| marks.lit.contains(line)).count();
        let lines = text::count(wanted.len(), "line");
        if matched > 0 { format!("{lines}, {matched} matched") } else { lines }
    }

    fn why_empty(self) -> &'static str {
        match (self.printed.get().0.lines.is_empty(), self.query.filter.read().trim().is_empty()) {
            (true, _) => "No rules are written yet.",
            (false, false) => "No line holds that.",
            (false, true) if self.query.matched_only.get() => {
                "No packet has matched a rule since they were written."
            }
            (false, true) => "kube-proxy writes no rules for it here.",
        }
    }

    /// Everything that is asked for, also what is not shown yet.
    fn copy(self, name: &str) {
        let wanted = self.wanted.get_untracked();
        let words = self.printed.get_untracked().0.text_of(&wanted);
        let said = format!("Copied {}: {name}.", text::count(wanted.len(), "line"));
        copy_text(self.session, words, said);
    }
}

/// What the rules are and how old, and their lines.
#[component]
pub fn RuleListing(
    query: Query,
    node: RwSignal<Option<Uid>>,
    /// `None`: the node's own.
    mode: RwSignal<Option<ProxyMode>>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let listing = Listing::new(session, query, node, mode);
    let name = Memo::new(move |_| listing.name());
    view! {
        <div class="pk-rules-column">
            <AboutRules source=listing.source node service=listing.service/>
            <Show
                when=move || !listing.wanted.read().is_empty()
                fallback=move || view! { <p class="pk-muted">{move || listing.why_empty()}</p> }
            >
                <span class="pk-row">
                    <span class="pk-muted">{move || listing.count()}</span>
                    <span class="pk-spring"></span>
                    <Button
                        name=Signal::derive(move || format!("Copy: {}", name.read()))
                        on_press=move || listing.copy(&name.read_untracked())
                    >
                        "Copy"
                    </Button>
                </span>
                <div
                    class="pk-listing pk-rule-list"
                    tabindex="0"
                    role="region"
                    aria-label=move || format!("Rules: {}", name.read())
                >
                    <Groups listing/>
                </div>
                <ShowMore listing/>
            </Show>
        </div>
    }
}

#[component]
fn ShowMore(listing: Listing) -> impl IntoView {
    let all = Memo::new(move |_| listing.wanted.read().len());
    let shown = move || listing.room.get().min(all.get());
    let next = Memo::new(move |_| LINES.max(shown()).min(all.get() - shown()));
    view! {
        <Show when=move || next.get() != 0>
            <div class="pk-row">
                <span class="pk-muted">{shown} " of " {all} " lines are shown. "</span>
                <Button on_press=move || listing.room.update(|room| *room += next.get_untracked())>
                    "Show " {next} " more"
                </Button>
            </div>
        </Show>
    }
}

#[component]
fn Groups(listing: Listing) -> impl IntoView {
    let lines_of = move |block: usize| {
        let groups = listing.groups.read();
        groups.iter().find(|group| group.block == block).map(|group| group.lines.clone()).unwrap_or_default()
    };
    let gone = Memo::new(move |_| listing.marks.read().gone.clone());
    view! {
        <For
            each=move || listing.groups.get()
            key=|group| (group.block, group.table.clone(), group.name.clone())
            let(Group { block, table, name, .. })
        >
            <div role="group" aria-label=name.clone()>
                <h4 class="pk-chain">
                    <span class="pk-muted">{table}</span>
                    " "
                    {name.clone()}
                </h4>
                <For each=move || lines_of(block) key=Clone::clone let((number, line))>
                    <RuleLine number line marks=listing.marks gone/>
                </For>
            </div>
        </For>
    }
}

#[component]
fn RuleLine(
    number: usize,
    line: String,
    marks: Memo<Marks>,
    /// Endpoints that are gone: what names one is struck out.
    gone: Memo<Vec<SocketAddr>>,
) -> impl IntoView {
    let mark = Memo::new(move |_| {
        let marks = marks.read();
        (marks.lit.contains(&number), marks.counts.get(&number).copied())
    });
    let is_lit = move || mark.get().0;
    let packets = move || mark.get().1;
    let title = move || packets().map(|n| text::count(n as usize, "packet"));
    view! {
        <div class="pk-rules-line" class:pk-rules-hit=is_lit>
            <span class="pk-count" title=title aria-hidden=move || packets().is_none().then_some("true")>
                {packets}
            </span>
            <code class="pk-rule-text">
                {move || is_lit().then(|| view! { <span class="pk-sr">"matched: "</span> })}
                {move || pieces(&line, &gone.read())}
            </code>
        </div>
    }
}

fn pieces(line: &str, gone: &[SocketAddr]) -> impl IntoView + use<> {
    let piece = |(is_gone, piece): (bool, &str)| {
        let piece = piece.to_string();
        if is_gone { view! { <del>{piece}</del> }.into_any() } else { piece.into_any() }
    };
    struck(line, gone).into_iter().map(piece).collect_view()
}
