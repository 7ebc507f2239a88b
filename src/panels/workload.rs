//! A workload, which makes Pods: how many it wants and has, their images, and what can be done with it.

use super::action_buttons::ActionButtons;
use super::if_exists::IfExists;
use super::pods::PodList;
use crate::components::{Button, Fact, Facts, Tag, Tone, ValueForm};
use crate::session::{Selection, Session};
use crate::text;
use cluster::api::{Action, Kind, Name, ObjectRef, PodTemplate, Uid, Workload};
use cluster::sim::World;
use leptos::prelude::*;

/// What is said of it.
#[derive(Clone, PartialEq)]
struct WorkloadFacts {
    object: ObjectRef,
    /// `None` for what is not scaled.
    replicas: Option<u32>,
    /// `2 of 3`
    ready: String,
    /// How far a rollout or a Job is.
    progress: Option<String>,
    is_paused: bool,
    containers: Vec<(Name, String)>,
}

impl WorkloadFacts {
    fn of(world: &World, uid: Uid) -> Option<WorkloadFacts> {
        let object = world.store().object_ref(uid)?;
        let (key, store) = (object.key(), world.store());
        let images = |template: &PodTemplate| {
            let all = template.spec.all_containers();
            all.map(|container| (container.name.clone(), container.image.to_string())).collect::<Vec<_>>()
        };
        let of = |n: u32, all: u32| format!("{n} of {all}");
        let updated = |n: u32, all: u32| (n != all).then(|| format!("{} updated", of(n, all)));
        let facts = |replicas, ready, progress, containers| WorkloadFacts {
            object: object.clone(),
            replicas,
            ready,
            progress,
            is_paused: false,
            containers,
        };
        Some(match object.kind {
            Kind::Deployment => {
                let d = store.deployments.get(&key)?;
                let (wanted, status) = (d.spec.replicas, &d.status);
                let progress = updated(status.updated_replicas, wanted);
                let ready = of(status.ready_replicas, wanted);
                let images = images(&d.spec.template);
                WorkloadFacts { is_paused: d.spec.paused, ..facts(Some(wanted), ready, progress, images) }
            }
            Kind::ReplicaSet => {
                let set = store.replica_sets.get(&key)?;
                let ready = of(set.status.ready_replicas, set.spec.replicas);
                facts(Some(set.spec.replicas), ready, None, images(&set.spec.template))
            }
            Kind::ReplicationController => {
                let rc = store.replication_controllers.get(&key)?;
                let ready = of(rc.status.ready_replicas, rc.spec.replicas);
                facts(Some(rc.spec.replicas), ready, None, images(&rc.spec.template))
            }
            Kind::StatefulSet => {
                let set = store.stateful_sets.get(&key)?;
                let (wanted, status) = (set.spec.replicas, &set.status);
                let progress = updated(status.updated_replicas, wanted);
                facts(Some(wanted), of(status.ready_replicas, wanted), progress, images(&set.spec.template))
            }
            Kind::DaemonSet => {
                let set = store.daemon_sets.get(&key)?;
                let status = &set.status;
                let wanted = status.desired_number_scheduled;
                let progress = updated(status.updated_number_scheduled, wanted);
                facts(None, of(status.number_ready, wanted), progress, images(&set.spec.template))
            }
            Kind::Job => {
                let job = store.jobs.get(&key)?;
                let wanted = job.spec.completions.unwrap_or(1);
                let progress =
                    format!("{} completed, {} failed", of(job.status.succeeded, wanted), job.status.failed);
                let ready = format!("{}", job.status.ready);
                facts(None, ready, Some(progress), images(&job.spec.template))
            }
            Kind::CronJob => {
                let cron_job = store.cron_jobs.get(&key)?;
                let ready = format!("{}", cron_job.status.active.len());
                let images = images(&cron_job.spec.job_template.spec.template);
                facts(None, ready, Some(format!("schedule {}", cron_job.spec.schedule)), images)
            }
            Kind::Service
            | Kind::Endpoints
            | Kind::ControllerRevision
            | Kind::PodDisruptionBudget
            | Kind::Pod
            | Kind::EndpointSlice
            | Kind::Node
            | Kind::Namespace
            | Kind::PriorityClass
            | Kind::ServiceCidr
            | Kind::Other(_) => return None,
        })
    }

    /// What the count of its Pods or Jobs says.
    fn counted(&self) -> &'static str {
        if self.object.kind == Kind::CronJob { "Active" } else { "Ready" }
    }
}

/// Whether `kubectl scale` takes it.
pub fn is_scaled(kind: &Kind) -> bool {
    match kind.workload() {
        Some(
            Workload::Deployment
            | Workload::ReplicaSet
            | Workload::ReplicationController
            | Workload::StatefulSet,
        ) => true,
        Some(Workload::DaemonSet) | None => false,
    }
}

/// How many Pods it is to have. `None` for what is not scaled.
pub fn replicas_of(world: &World, uid: Uid) -> Option<(ObjectRef, u32)> {
    let (object, store) = (world.store().object_ref(uid)?, world.store());
    let key = object.key();
    let replicas = match object.kind.workload()? {
        Workload::Deployment => store.deployments.get(&key)?.spec.replicas,
        Workload::ReplicaSet => store.replica_sets.get(&key)?.spec.replicas,
        Workload::ReplicationController => store.replication_controllers.get(&key)?.spec.replicas,
        Workload::StatefulSet => store.stateful_sets.get(&key)?.spec.replicas,
        Workload::DaemonSet => return None,
    };
    Some((object, replicas))
}

#[component]
pub fn WorkloadPanel(uid: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let facts = session.watch_scene(move |world| WorkloadFacts::of(world, uid));
    let pods = session.watch_scene(move |world| {
        world.store().pods_of_workload(uid).map(|pod| pod.meta.uid).collect::<Vec<_>>()
    });
    view! {
        <IfExists gone="This workload is gone." object=facts let:facts>
            <Facts>
                <Show when=move || facts.read().replicas.is_some()>
                    <Fact name="Replicas">
                        <ReplicaStepper uid/>
                    </Fact>
                </Show>
                <Fact name=facts.read_untracked().counted()>
                    <span class="pk-row">
                        {move || facts.read().ready.clone()}
                        <Show when=move || facts.read().is_paused>
                            <Tag tone=Tone::Care>"Paused"</Tag>
                        </Show>
                    </span>
                </Fact>
                <Show when=move || facts.read().progress.is_some()>
                    <Fact name="Progress">{move || facts.read().progress.clone()}</Fact>
                </Show>
            </Facts>
            <ActionButtons of=Selection::Workload(uid)/>
            <Images facts/>
            <h3 class="pk-heading">"Pods"</h3>
            <Show when=move || pods.read().is_empty()>
                <p class="pk-muted">"None."</p>
            </Show>
            <PodList pods/>
        </IfExists>
    }
}

/// A field for each container's image: another one is rolled out.
#[component]
fn Images(facts: Memo<WorkloadFacts>) -> impl IntoView {
    let is_changed_here = facts.read_untracked().object.kind.workload().is_some();
    let names = move || {
        let facts = facts.read();
        facts.containers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    is_changed_here.then(|| {
        view! {
            <div class="pk-section">
                <h3 class="pk-heading">"Images"</h3>
                <For each=names key=Clone::clone let:name>
                    <ImageForm facts container=name/>
                </For>
            </div>
        }
    })
}

#[component]
fn ImageForm(facts: Memo<WorkloadFacts>, container: Name) -> impl IntoView {
    let session = expect_context::<Session>();
    let image = {
        let container = container.clone();
        move || {
            let facts = facts.read();
            let found = facts.containers.iter().find(|(name, _)| *name == container);
            found.map(|(_, image)| image.clone()).unwrap_or_default()
        }
    };
    let label = format!("Container {container}");
    let apply = move |image: String| {
        if image.is_empty() {
            return Err("An image is asked for, such as nginx:1.29.".to_string());
        }
        let object = facts.read_untracked().object.clone();
        let (container, image) = (container.clone(), image.as_str().into());
        session.try_act(Action::SetImage { object, container, image }).map(drop).map_err(text::refusals)
    };
    view! {
        <ValueForm
            name="Image"
            label
            placeholder="nginx:1.29"
            complaint_id="pk-image-wrong"
            value=Signal::derive(image)
            on_apply=apply
        />
    }
}

/// Fewer, the number, more.
#[component]
pub fn ReplicaStepper(uid: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let name = session.with_world(|world| world.store().object_ref(uid).map(|o| o.name.to_string()));
    let name = name.unwrap_or_default();
    let replicas = session.watch_scene(move |world| replicas_of(world, uid).map_or(0, |(_, n)| n));
    let scale_to = move |replicas: u32| {
        if let Some((object, _)) = session.with_world(|world| replicas_of(world, uid)) {
            session.act(Action::Scale { object, replicas });
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
