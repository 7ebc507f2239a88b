//! A node: its power, its kube-proxy, what its kernel holds, and its Pods.

use super::action_buttons::ActionButtons;
use super::if_exists::IfExists;
use super::kube_proxy::KubeProxyState;
use super::pods::PodList;
use super::zone::{ZoneForm, zone_of};
use crate::components::{Details, Fact, Facts, Listing, Tag, Tone};
use crate::session::{Selection, Session};
use crate::text;
use crate::ui::Ui;
use cluster::api::{ConditionStatus, Kind, ObjectRef, Uid};
use cluster::node::Machine;
use cluster::sim::World;
use leptos::prelude::*;
use scene::facts::SystemObjects;

#[component]
pub fn NodePanel(uid: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let state = session.watch_scene(move |world| Some(NodeState::of(world, world.machines().get(&uid)?)));
    let pods = session.watch_scene(move |world| pods_on(world, session.system.get(), uid));
    view! {
        <IfExists gone="This node is gone." object=state let:state>
            <NodeFacts uid state/>
            <ActionButtons of=Selection::Node(uid)/>
            <h3 class="pk-heading">"Pods"</h3>
            <Show when=move || pods.read().is_empty()>
                <p class="pk-muted">"None."</p>
            </Show>
            <PodList pods/>
            <ZoneForm node=uid/>
            <Conntrack node=uid/>
        </IfExists>
    }
}

/// What is said of a node's power and of what the control plane knows of it.
#[derive(Clone, PartialEq)]
struct NodeState {
    address: String,
    status: (&'static str, Tone),
    is_cordoned: bool,
    is_cut_off: bool,
}

impl NodeState {
    fn of(world: &World, machine: &Machine) -> NodeState {
        let node = world.store().node(&machine.name);
        let status = match (machine.power, node.map(|node| node.ready())) {
            (false, _) => ("Power off", Tone::Fail),
            (true, Some(ConditionStatus::True)) => ("Ready", Tone::Good),
            (true, Some(ConditionStatus::False | ConditionStatus::Unknown) | None) => {
                ("NotReady", Tone::Care)
            }
        };
        NodeState {
            address: text::addresses(&machine.addresses),
            status,
            is_cordoned: node.is_some_and(|node| node.spec.unschedulable),
            is_cut_off: machine.cut_off,
        }
    }
}

#[component]
fn NodeFacts(uid: Uid, state: Memo<NodeState>) -> impl IntoView {
    let session = expect_context::<Session>();
    let zone = session.watch_scene(move |world| zone_of(world, uid).unwrap_or_else(|| "none".into()));
    let tracked = session.watch_traffic(move |world| {
        let machine = world.machines().get(&uid);
        machine.map_or(0, |machine| machine.stack.conntrack.entries(world.now()).count())
    });
    view! {
        <Facts>
            <Fact name="Status">
                <span class="pk-row">
                    <Tag tone=Signal::derive(move || state.read().status.1)>{move || state.read().status.0}</Tag>
                    <Show when=move || state.read().is_cordoned>
                        <Tag tone=Tone::Care>"Cordoned"</Tag>
                    </Show>
                    <Show when=move || state.read().is_cut_off>
                        <Tag tone=Tone::Fail>"Cut off"</Tag>
                    </Show>
                </span>
            </Fact>
            <Fact name="Address">
                <code class="pk-mono">{move || state.read().address.clone()}</code>
            </Fact>
            <Fact name="Zone">{zone}</Fact>
            <Fact name="kube-proxy">
                <KubeProxyState node=uid/>
            </Fact>
            <Fact name="conntrack">{tracked} " entries"</Fact>
        </Facts>
    }
}

fn pods_on(world: &World, system: SystemObjects, node: Uid) -> Vec<Uid> {
    let Some(machine) = world.machines().get(&node) else { return Vec::new() };
    let pods = world.store().pods.iter().filter(|pod| pod.spec.node_name.as_ref() == Some(&machine.name));
    let pods = pods.filter(|pod| system.shows(world, &ObjectRef::of_key(Kind::Pod, &pod.meta.key())));
    pods.map(|pod| pod.meta.uid).collect()
}

/// More entries than anybody reads.
const SHOWN: usize = 200;

/// As `conntrack -L` prints it.
#[component]
fn Conntrack(node: Uid) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let entries = session.watch_traffic(move |world| world.conntrack_lines(node).unwrap_or_default());
    let text = move || {
        let entries = entries.read();
        let shown = entries.iter().take(SHOWN).cloned();
        let more = entries.len().saturating_sub(SHOWN);
        let more = (more > 0).then(|| format!("and {more} more"));
        shown.chain(more).collect::<Vec<_>>().join("\n")
    };
    view! {
        <Details
            summary=move || format!("conntrack -L ({})", entries.read().len())
            open=ui.conntrack_open
        >
            <Listing name="conntrack" text/>
        </Details>
    }
}
