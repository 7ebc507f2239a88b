//! A Deployment: how many Pods it wants and has.

use super::if_exists::IfExists;
use super::membership::pods_of_deployment;
use super::pods::PodList;
use crate::components::{Button, Fact, Facts};
use crate::session::Session;
use cluster::api::{Action, Pod, Uid};
use cluster::sim::World;
use leptos::prelude::*;
use std::sync::Arc;

#[component]
pub fn DeploymentPanel(uid: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let deployment = session.watch_scene(move |world| world.store().deployment_by_uid(uid).cloned());
    let pods = session
        .watch_scene(move |world| pods_of(world, uid).iter().map(|pod| pod.meta.uid).collect::<Vec<_>>());
    let ready = session
        .watch_scene(move |world| pods_of(world, uid).iter().filter(|pod| pod.status.is_ready()).count());
    view! {
        <IfExists gone="This Deployment is gone." object=deployment let:deployment>
            <Facts>
                <Fact name="Replicas">
                    <ReplicaStepper uid/>
                </Fact>
                <Fact name="Ready">{ready} " of " {move || deployment.read().spec.replicas}</Fact>
            </Facts>
            <h3 class="pk-heading">"Pods"</h3>
            <PodList pods/>
        </IfExists>
    }
}

fn pods_of(world: &World, deployment: Uid) -> Vec<Arc<Pod>> {
    let deployment = world.store().deployment_by_uid(deployment);
    deployment.map(|deployment| pods_of_deployment(world, deployment)).unwrap_or_default()
}

/// Fewer, the number, more.
#[component]
pub fn ReplicaStepper(uid: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let name =
        session.with_world(|world| world.store().deployment_by_uid(uid).map(|d| d.meta.name.to_string()));
    let name = name.unwrap_or_default();
    let replicas =
        session.watch_scene(move |world| world.store().deployment_by_uid(uid).map_or(0, |d| d.spec.replicas));
    let scale_to = move |replicas: u32| {
        let deployment =
            session.with_world(|world| world.store().deployment_by_uid(uid).map(|d| d.meta.key()));
        if let Some(deployment) = deployment {
            session.act(Action::scale_deployment(&deployment, replicas));
        }
    };
    view! {
        <span class="pk-stepper">
            <Button
                name=format!("One replica less of {name}")
                disabled=move || replicas.get() == 0
                on_press=move || scale_to(replicas.get_untracked().saturating_sub(1))
            >
                "−"
            </Button>
            <span class="pk-mono">{replicas}</span>
            <Button
                name=format!("One replica more of {name}")
                on_press=move || scale_to(replicas.get_untracked().saturating_add(1))
            >
                "+"
            </Button>
        </span>
    }
}
