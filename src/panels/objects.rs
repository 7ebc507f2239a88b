//! Everything that there is, by kind: what is simulated, and what is only kept.

use super::select_link::SelectLink;
use crate::components::Button;
use crate::session::{Selection, Session, selection_of};
use crate::text;
use crate::ui::{Dialog, Ui};
use cluster::api::{Action, Kind, Meta, ObjectRef};
use cluster::sim::World;
use leptos::prelude::*;
use scene::facts::SystemObjects;
use scene::words;

/// More of one kind than a list is good for.
const SHOWN: usize = 200;

/// What each selects, and its name.
type Objects = Vec<(Selection, String)>;

#[component]
pub fn ObjectsPanel() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let add_node = move || {
        session.act(Action::AddNode { name: None, zone: None });
    };
    let kinds = Kind::SIMULATED.iter().map(|kind| {
        let objects = session.watch_scene(move |world| of_kind(world, session.system.get(), kind));
        view! { <Group kind=kind.as_str() objects/> }
    });
    view! {
        <div class="pk-actions">
            <Button on_press=add_node>"Add a node"</Button>
            <Button on_press=move || ui.open(Dialog::AddClient)>"Add a client …"</Button>
            <SystemObjectsButton/>
        </div>
        <Group kind="Client" objects=session.watch_scene(clients)/>
        {kinds.collect_view()}
        <Unsimulated/>
    }
}

/// In the picture and in all lists.
#[component]
fn SystemObjectsButton() -> impl IntoView {
    let session = expect_context::<Session>();
    let has_system = session.has_system();
    view! {
        <Show when=move || has_system.get()>
            <Button
                hint=words::SYSTEM_OBJECTS
                pressed=Signal::derive(move || session.shows_system())
                on_press=move || session.toggle_system()
            >
                "DNS and API server"
            </Button>
        </Show>
    }
}

fn clients(world: &World) -> Objects {
    let clients = world.traffic().clients.values();
    clients.map(|client| (Selection::Client(client.id), client.spec.name.to_string())).collect()
}

fn of_kind(world: &World, system: SystemObjects, kind: &Kind) -> Objects {
    let object = |meta: &Meta| {
        let name = match &*meta.namespace {
            "" | "default" => meta.name.to_string(),
            other => format!("{other}/{}", meta.name),
        };
        (selection_of(kind, meta.uid), name)
    };
    let object_ref = |meta: &Meta| ObjectRef::of_key(kind.clone(), &meta.key());
    let metas = world.store().metas(kind).filter(|meta| system.shows(world, &object_ref(meta)));
    metas.map(object).collect()
}

#[component]
fn Group(kind: &'static str, objects: Memo<Objects>) -> impl IntoView {
    let count = Memo::new(move |_| objects.read().len());
    view! {
        <Show when=move || count.get() != 0>
            <div class="pk-section">
                <h3 class="pk-heading">{move || text::count(count.get(), kind)}</h3>
                <ul class="pk-list" role="list">
                    <ObjectRows objects/>
                    <Show when=move || { count.get() > SHOWN }>
                        <li>
                            <p class="pk-muted">"and " {move || count.get().saturating_sub(SHOWN)} " more"</p>
                        </li>
                    </Show>
                </ul>
            </div>
        </Show>
    }
}

#[component]
fn ObjectRows(objects: Memo<Objects>) -> impl IntoView {
    let shown = move || objects.read().iter().take(SHOWN).cloned().collect::<Vec<_>>();
    view! {
        <For each=shown key=|(to, _)| *to let((to, name))>
            <li>
                <SelectLink to>{name}</SelectLink>
            </li>
        </For>
    }
}

/// What is kept as it was written.
#[component]
fn Unsimulated() -> impl IntoView {
    let session = expect_context::<Session>();
    let objects = session.watch_scene(unsimulated);
    view! {
        <Show when=move || !objects.read().is_empty()>
            <h3 class="pk-heading">"Kept, not simulated"</h3>
            <p class="pk-muted">"They are written back unchanged, and do nothing here."</p>
            <ul class="pk-list" role="list">
                <For each=move || objects.get() key=|(to, _)| *to let((to, name))>
                    <li>
                        <SelectLink to>{name}</SelectLink>
                    </li>
                </For>
            </ul>
        </Show>
    }
}

fn unsimulated(world: &World) -> Objects {
    let objects = world.store().unsimulated.iter();
    objects.map(|o| (Selection::Object(o.meta.uid), format!("{} {}", o.kind, o.meta.name))).collect()
}
