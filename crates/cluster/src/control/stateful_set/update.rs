//! The Pods that a StatefulSet makes, deletes and replaces in one sync (stateful_set_control.go, updateStatefulSet).

use std::ops::ControlFlow;
use std::sync::Arc;

use super::identity::{identity_matches, new_pod, ordinal_of};
use super::{Sync, is_running_and_ready, revision_of};
use crate::api::{Phase, Pod, PodManagementPolicy, StatefulSetUpdateStrategy};
use crate::control::pods::{is_available, is_terminal};
use crate::sim::World;

/// The place of one ordinal.
enum Replica {
    There(Arc<Pod>),
    /// It is to be made like this.
    Missing(Box<Pod>),
}

/// Whether the sync goes on: one Pod after the other waits for a Pod that it cannot pass.
type Flow = ControlFlow<()>;

impl World {
    /// How many Pods of the current revision it has deleted to update them.
    pub(super) fn sync_stateful_pods(&mut self, sync: &Sync<'_>) -> u32 {
        let (replicas, condemned) = partition(sync);
        let first_unavailable = self.first_unavailable(sync, &replicas, &condemned);
        if self.process_replicas(sync, &replicas).is_break()
            || self.process_condemned(sync, &condemned, first_unavailable.as_deref()).is_break()
        {
            return 0;
        }
        match sync.set.spec.update_strategy {
            StatefulSetUpdateStrategy::OnDelete => 0,
            StatefulSetUpdateStrategy::RollingUpdate { partition } => {
                self.update_one(sync, &replicas, partition)
            }
        }
    }

    /// `None` if there is none, or if it is missing altogether.
    fn first_unavailable(
        &self,
        sync: &Sync<'_>,
        replicas: &[Replica],
        condemned: &[Arc<Pod>],
    ) -> Option<Arc<Pod>> {
        for replica in replicas {
            match replica {
                Replica::Missing(_) => return None,
                Replica::There(pod) if self.is_unavailable(sync, pod) => return Some(pod.clone()),
                Replica::There(_) => {}
            }
        }
        condemned.iter().rev().find(|pod| self.is_unavailable(sync, pod)).cloned()
    }

    fn is_unavailable(&self, sync: &Sync<'_>, pod: &Pod) -> bool {
        pod.meta.deleted.is_some() || !is_available(pod, sync.set.spec.min_ready_s, self.now())
    }

    fn process_replicas(&mut self, sync: &Sync<'_>, replicas: &[Replica]) -> Flow {
        for replica in replicas {
            let flow = match replica {
                Replica::There(pod) => self.process_replica(sync, pod),
                Replica::Missing(pod) => self.create_replica_of(sync, pod),
            };
            if is_monotonic(sync) {
                flow?;
            }
        }
        Flow::Continue(())
    }

    fn create_replica_of(&mut self, sync: &Sync<'_>, pod: &Pod) -> Flow {
        if let Some(ordinal) = ordinal_of(sync.set, pod) {
            self.create_missing_claims(sync, &pod.meta.name, ordinal);
        }
        // A Pod of that name that is not the set's own is in the way: the API server refuses a second one.
        if self.store.pods.get(&pod.meta.key()).is_none() {
            self.create_pod(&sync.owner, pod.clone());
        }
        Flow::Break(())
    }

    /// processReplica: a Pod that ended is deleted, and made again when it is gone; one that terminates or is not
    /// available holds up those after it.
    fn process_replica(&mut self, sync: &Sync<'_>, pod: &Arc<Pod>) -> Flow {
        if is_terminal(pod) {
            if pod.meta.deleted.is_none() {
                self.delete_owned_pod(&sync.owner, pod);
            }
            return Flow::Break(());
        }
        let Some(ordinal) = ordinal_of(sync.set, pod) else { return Flow::Continue(()) };
        if pod.status.phase == Phase::Pending {
            self.create_missing_claims(sync, &pod.meta.name, ordinal);
        }
        if !is_running_and_ready(pod) || self.is_unavailable(sync, pod) {
            return Flow::Break(());
        }
        if !identity_matches(pod) {
            self.restore_identity(pod, ordinal);
        }
        Flow::Continue(())
    }

    /// processCondemned: those that are too many, from the highest ordinal; one after the other only if the others are
    /// available, or if it is itself the first that is not.
    fn process_condemned(
        &mut self,
        sync: &Sync<'_>,
        condemned: &[Arc<Pod>],
        first_unavailable: Option<&Pod>,
    ) -> Flow {
        for pod in condemned {
            if let Some(ordinal) = ordinal_of(sync.set, pod) {
                self.hand_claims_to(sync, pod, ordinal);
            }
            let is_first = first_unavailable.is_some_and(|first| first.meta.uid == pod.meta.uid);
            let is_unavailable = !is_running_and_ready(pod) || self.is_unavailable(sync, pod);
            let waits = pod.meta.deleted.is_some() || (is_unavailable && !is_first);
            match is_monotonic(sync) {
                true if waits => return Flow::Break(()),
                false if pod.meta.deleted.is_some() => {}
                true | false => self.delete_owned_pod(&sync.owner, pod),
            }
            if is_monotonic(sync) {
                return Flow::Break(());
            }
        }
        Flow::Continue(())
    }

    /// The Pod with the highest ordinal that has not the new revision is deleted, when those above it are available
    /// again.
    fn update_one(&mut self, sync: &Sync<'_>, replicas: &[Replica], partition: u32) -> u32 {
        let targets = replicas.iter().skip(partition as usize).rev();
        for replica in targets {
            let Replica::There(pod) = replica else { return 0 };
            if revision_of(pod) != Some(&sync.update.meta.name) && pod.meta.deleted.is_none() {
                self.delete_owned_pod(&sync.owner, pod);
                return 1;
            }
            if self.is_unavailable(sync, pod) {
                return 0;
            }
        }
        0
    }
}

fn is_monotonic(sync: &Sync<'_>) -> bool {
    match sync.set.spec.pod_management_policy {
        PodManagementPolicy::OrderedReady => true,
        PodManagementPolicy::Parallel => false,
    }
}

/// Those that shall be, by ordinal, and those that shall not, the highest ordinal first.
fn partition(sync: &Sync<'_>) -> (Vec<Replica>, Vec<Arc<Pod>>) {
    let (set, mut condemned) = (sync.set, Vec::new());
    let mut places: Vec<Option<Arc<Pod>>> = vec![None; set.spec.replicas as usize];
    for pod in &sync.pods {
        let Some(ordinal) = ordinal_of(set, pod) else { continue };
        let place = ordinal.checked_sub(set.spec.start).and_then(|place| places.get_mut(place as usize));
        match place {
            Some(place) => *place = Some(pod.clone()),
            None => condemned.push(pod.clone()),
        }
    }
    condemned.sort_by_key(|pod| std::cmp::Reverse(ordinal_of(set, pod)));
    let fill = |(ordinal, place): (u32, Option<Arc<Pod>>)| {
        place.map_or_else(|| Replica::Missing(Box::new(new_pod(sync, ordinal))), Replica::There)
    };
    ((set.spec.start..).zip(places).map(fill).collect(), condemned)
}
