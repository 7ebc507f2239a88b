//! With nothing selected: what this is, what to look at, what to try.

use super::assumed::{AskedPorts, Supplies};
use super::endpoints::why_empty;
use super::select_link::SelectLink;
use crate::components::{Button, Details, Tag, Tone};
use crate::scenarios::{Hints, Myth, built_in_of, claim, myth_of};
use crate::session::{Selection, Session, Source};
use crate::text;
use crate::ui::{Dialog, Tab, Ui};
use cluster::api::{Kind, ObjectRef, Service, Uid};
use cluster::sim::World;
use leptos::prelude::*;
use scene::facts::SystemObjects;

#[component]
pub fn StartPanel() -> impl IntoView {
    let session = expect_context::<Session>();
    // Again for each text: what is said of it is of that text alone.
    let about = move || {
        session.opened_rev();
        let key = session.with_source(|source| source.key.clone());
        match (built_in_of(&key), myth_of(&key)) {
            (Some(scenario), _) => view! { <AboutScenario hints=&scenario.hints/> }.into_any(),
            (None, Some(myth)) => view! { <AboutMyth myth/> }.into_any(),
            (None, None) => view! { <AboutManifests/> }.into_any(),
        }
    };
    view! {
        <div class="pk-start">
            {about}
            <HowToRead/>
        </div>
    }
}

#[component]
fn AboutScenario(hints: &'static Hints) -> impl IntoView {
    view! {
        <Description/>
        <HintList title="Watch for" hints=hints.watch/>
        <HintList title="Try" hints=hints.tries/>
    }
}

#[component]
fn AboutMyth(myth: &'static Myth) -> impl IntoView {
    let session = expect_context::<Session>();
    let (claim, truth) = session.with_source(|source| (claim(&source.scenario), description(source)));
    view! {
        <p class="pk-claim">
            <Tag tone=Tone::Fail>"Often said"</Tag>
            " "
            {claim}
        </p>
        <p class="pk-claim">
            <Tag tone=Tone::Good>"In truth"</Tag>
            " "
            {truth}
        </p>
        <HintList title="Watch for" hints=myth.watch/>
    }
}

/// The reader's own text.
#[component]
fn AboutManifests() -> impl IntoView {
    view! {
        <Description/>
        <Contents/>
    }
}

#[component]
fn HintList(title: &'static str, hints: &'static [&'static str]) -> impl IntoView {
    view! {
        <h3 class="pk-heading">{title}</h3>
        <ul class="pk-hints" role="list">
            {hints.iter().map(|hint| view! { <li>{*hint}</li> }).collect_view()}
        </ul>
    }
}

/// What a text says of itself.
#[component]
fn Description() -> impl IntoView {
    let session = expect_context::<Session>();
    let (title, description) = session.with_source(|source| (title(source), description(source)));
    view! {
        <h3 class="pk-heading">{title}</h3>
        {description.map(|description| view! { <p>{description}</p> })}
    }
}

fn title(source: &Source) -> String {
    source.title().map_or_else(|| "Your manifests".into(), str::to_owned)
}

fn description(source: &Source) -> Option<String> {
    source.scenario.description.as_ref().map(ToString::to_string)
}

/// What a text holds, and where to begin with it.
#[component]
fn Contents() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let (services, pods, others) = session.with_world(|world| {
        let count = |kind: Kind| {
            let objects = world.store().metas(&kind).map(|meta| ObjectRef::of_key(kind.clone(), &meta.key()));
            objects.filter(|object| SystemObjects::Hidden.shows(world, object)).count()
        };
        (count(Kind::Service), count(Kind::Pod), world.store().unsimulated.len())
    });
    let kept = (others > 0).then(|| format!(" {} kept, not simulated.", text::count(others, "object")));
    view! {
        <p>{text::count(services, "Service")} " and " {text::count(pods, "Pod")} "." {kept}</p>
        <div class="pk-actions">
            <Button on_press=move || ui.show(Tab::Objects)>"Show every object"</Button>
            <Button on_press=move || ui.open(Dialog::AddClient)>"Add a client …"</Button>
        </div>
        <EmptyServices/>
        <Assumed/>
    }
}

/// Services that lack endpoints, at one of their ports at least, and why.
#[component]
fn EmptyServices() -> impl IntoView {
    let session = expect_context::<Session>();
    let services = session.watch_scene(empty_services);
    view! {
        <Show when=move || !services.read().is_empty()>
            <h3 class="pk-heading">"Services that lack endpoints"</h3>
            <ul class="pk-list" role="list">
                <For each=move || services.get() key=Clone::clone let((uid, name, why))>
                    <li>
                        <SelectLink to=Selection::Service(uid)>{name}</SelectLink>
                        <p class="pk-muted">{why}</p>
                    </li>
                </For>
            </ul>
        </Show>
    }
}

fn empty_services(world: &World) -> Vec<(Uid, String, String)> {
    let services = world.store().services.iter();
    let row = |service: &std::sync::Arc<Service>| {
        Some((service.meta.uid, service.meta.name.to_string(), why_empty(world, service.meta.uid)?))
    };
    services.filter_map(row).collect()
}

/// What no manifest says, by workload, each with its switch.
#[component]
fn Assumed() -> impl IntoView {
    let session = expect_context::<Session>();
    let asked = session.watch_scene(World::asked_ports);
    let supplies = session.watch_scene(World::assumed_supplies);
    let ports = move || format!("Ports that are not declared ({})", asked.read().len());
    let needs = move || format!("Taken to be there, or missing ({})", supplies.read().len());
    view! {
        <Show when=move || !asked.read().is_empty()>
            <Details summary=ports>
                <AskedPorts asked/>
            </Details>
        </Show>
        <Show when=move || !supplies.read().is_empty()>
            <Details summary=needs>
                <Supplies supplies/>
            </Details>
        </Show>
    }
}

#[component]
fn HowToRead() -> impl IntoView {
    view! {
        <div class="pk-how">
            <p>
                "Dots are packets: filled on the way there, hollow on the way back, a cross where one was refused. \
                 Each node decides by its own rules."
            </p>
            <p>
                "Click anything to look at it. Right-click it, press it long, or Shift+F10 on it: what can be done \
                 with it. Space pauses, “.” goes on to the next event."
            </p>
        </div>
    }
}
