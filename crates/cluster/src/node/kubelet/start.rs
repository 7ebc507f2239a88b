//! How a Pod's sandbox and its containers start.

use std::sync::Arc;

use super::app::clash;
use super::container::{Process, Restart, Role, Running};
use super::pod::PodRuntime;
use super::step::{ContainerStep, KubeletStep};
use crate::api::{ImagePullPolicy, Str, Terminated, Uid, WaitingReason};
use crate::net::PortMap;
use crate::sim::{Chance, LogEntry, LoggedContainer, Purpose, Span, World};

/// From a failed pull until the kubelet looks at the Pod again, and finds that it must wait.
const PULL_SYNC: Span = Span::from_secs(1);
/// backOffPeriod: from a Pod that could not be synced to the next try.
const BACK_OFF: Span = Span::from_secs(10);

impl World {
    pub(super) fn start_sandbox(&mut self, pod: Uid) {
        if self.pods[&pod].sandbox_planned {
            return;
        }
        self.runtime_mut(pod).sandbox_planned = true;
        let delay = self.timing.watch_delay + self.timing.pod_sandbox + self.start_jitter(pod);
        self.plan(pod, delay, KubeletStep::Sandbox);
    }

    /// A random delay, so that Pods do not all start at the same moment: images and disks differ.
    fn start_jitter(&self, pod: Uid) -> Span {
        let spread = self.timing.pod_start_spread.0.max(1);
        let runtime = &self.pods[&pod];
        let subject = Chance::subject(&runtime.key.name);
        Span(self.chance.below(Purpose::PodStart, subject, u64::from(runtime.epoch), spread))
    }

    /// With `hostNetwork` the Pod is in the node's network namespace, and has its addresses.
    pub(super) fn sandbox_ready(&mut self, pod: Uid) {
        let now = self.clock.now();
        let runtime = self.runtime_mut(pod);
        runtime.sandbox_planned = false;
        let (node, host_network) = (runtime.node, runtime.host_network);
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let addresses = if host_network {
            machine.host_network_pods.push(pod);
            Some(machine.addresses)
        } else {
            machine.cni.allocate(pod)
        };
        if addresses.is_none() {
            machine.without_address.push((pod, now));
            let key = self.pods[&pod].key.clone();
            self.record(LogEntry::NoPodAddress { pod: key });
            return;
        }
        self.runtime_mut(pod).addresses = addresses;
        self.map_ports(pod);
        self.sync_pod(pod);
    }

    /// The plugin portmap, ADD; and the masquerading of the plugin that gave the address.
    fn map_ports(&mut self, pod: Uid) {
        let runtime = &self.pods[&pod];
        let (node, host_network, object) = (runtime.node, runtime.host_network, Arc::clone(&runtime.pod));
        let Some(addresses) = runtime.addresses.filter(|_| !host_network) else { return };
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let ranges = addresses.families().filter_map(|family| machine.cni.range(family));
        let maps: Vec<PortMap> = ranges.filter_map(|range| PortMap::of(&object, &addresses, range)).collect();
        if maps.is_empty() {
            self.cni_comes_before_kube_proxy(node);
        } else {
            machine.port_maps.splice(0..0, maps);
            self.port_maps_changed(node);
        }
    }

    /// The plugin portmap, DEL.
    fn unmap_ports(&mut self, pod: Uid, node: Uid) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let before = machine.port_maps.len();
        machine.port_maps.retain(|map| map.pod != pod);
        if machine.port_maps.len() < before {
            self.port_maps_changed(node);
        }
    }

    /// Its network namespace goes, with its addresses.
    pub(super) fn release_sandbox(&mut self, pod: Uid) {
        let Some(runtime) = self.pods.get(&pod).filter(|runtime| runtime.addresses.is_some()) else { return };
        let (node, host_network) = (runtime.node, runtime.host_network);
        let addresses = self.runtime_mut(pod).addresses.take();
        let (Some(machine), Some(addresses)) = (self.machines.get_mut(&node), addresses) else { return };
        if host_network {
            machine.host_network_pods.retain(|other| *other != pod);
        } else {
            machine.cni.release(&addresses);
            self.unmap_ports(pod, node);
            self.retry_without_address(node);
        }
    }

    /// An address is free: at their next try, the Pods that wait for one may get it. Tries that find none are left out.
    fn retry_without_address(&mut self, node: Uid) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        let (waiting, now) = (std::mem::take(&mut machine.without_address), self.clock.now());
        for (pod, since) in waiting {
            let tries = now.since(since).0.div_ceil(BACK_OFF.0).max(1);
            self.plan(pod, (since + BACK_OFF.times(tries)).since(now), KubeletStep::Sync);
        }
    }

    /// Starts a container, unless it is being started, or must wait after it has ended too soon
    /// (kuberuntime_manager.go, doBackOff).
    pub(super) fn start_container(&mut self, pod: Uid, index: u32) {
        let (now, longest) = (self.clock.now(), self.timing.crash_backoff_max);
        let runtime = &self.pods[&pod];
        let container = runtime.container(index);
        if container.is_starting || container.running.is_some() {
            return;
        }
        if let Some(ended) = container.ended {
            if let Some(left) = container.crash_backoff.left(ended.finished_at, now, longest) {
                self.crash_loops(pod, index, left);
                return;
            }
            let first = self.timing.crash_backoff;
            let container = self.runtime_mut(pod).container_mut(index);
            container.crash_backoff.next(ended.finished_at, now, first, longest);
        }
        self.create_container(pod, index);
    }

    fn crash_loops(&mut self, pod: Uid, index: u32, left: Span) {
        let runtime = &self.pods[&pod];
        let delay = runtime.container(index).crash_backoff.delay().0 / 1_000_000_000;
        let (minutes, seconds) = (delay / 60, delay % 60);
        let shown = if minutes > 0 { format!("{minutes}m{seconds}s") } else { format!("{seconds}s") };
        let (key, container) = self.named(pod, index);
        let full_name = format!("{}_{}({})", key.name, key.namespace, pod.to_uuid());
        let message = format!("back-off {shown} restarting failed container={container} pod={full_name}");
        self.hold(pod, index, WaitingReason::CrashLoopBackOff, &message);
        self.runtime_mut(pod).container_mut(index).is_starting = true;
        self.plan_container(pod, index, left, ContainerStep::Retry);
        self.record(LogEntry::BackOff { pod: key, uid: pod, container });
    }

    fn hold(&mut self, pod: Uid, index: u32, reason: WaitingReason, message: &str) {
        self.runtime_mut(pod).container_mut(index).waits = Some((reason, Some(message.into())));
    }

    /// A back-off is over.
    pub(super) fn retry(&mut self, pod: Uid, index: u32) {
        self.runtime_mut(pod).container_mut(index).is_starting = false;
        self.sync_pod(pod);
    }

    /// Its image is pulled and its configuration read; then its process can start.
    fn create_container(&mut self, pod: Uid, index: u32) {
        let (image, policy) = {
            let spec = self.pods[&pod].spec_of(index);
            (spec.image.clone(), spec.image_pull_policy)
        };
        if self.is_image_missing(&image) {
            self.pull_fails(pod, index, &image, policy);
            return;
        }
        if let Some(what) = self.missing_configuration(pod, index) {
            let message = what.to_string();
            let is_new = self.pods[&pod].container(index).waits.as_ref().and_then(|(_, m)| m.as_deref())
                != Some(&message);
            self.hold(pod, index, WaitingReason::CreateContainerConfigError, &message);
            if is_new {
                let (key, container) = self.named(pod, index);
                self.record(LogEntry::FailedConfiguration { pod: key, container, what });
            }
            return;
        }
        let (key, container) = self.named(pod, index);
        self.record(LogEntry::Pulled { pod: key, container, image });
        self.runtime_mut(pod).container_mut(index).is_starting = true;
        self.plan_container(pod, index, self.timing.container_start, ContainerStep::Start);
    }

    pub(super) fn named(&self, pod: Uid, index: u32) -> (crate::api::NsName, LoggedContainer) {
        let runtime = &self.pods[&pod];
        let is_init = match runtime.container(index).role {
            Role::Init | Role::Sidecar => true,
            Role::Main => false,
        };
        (runtime.key.clone(), LoggedContainer { name: runtime.spec_of(index).name.clone(), is_init })
    }

    /// images/image_manager.go, EnsureImageExists.
    fn pull_fails(&mut self, pod: Uid, index: u32, image: &Str, policy: Option<ImagePullPolicy>) {
        let (now, longest) = (self.clock.now(), self.timing.crash_backoff_max);
        let (key, container) = self.named(pod, index);
        if policy == Some(ImagePullPolicy::Never) {
            let message = format!("Container image \"{image}\" is not present with pull policy of Never");
            self.hold(pod, index, WaitingReason::ErrImageNeverPull, &message);
            self.record(LogEntry::FailedPull {
                pod: key,
                container,
                image: image.clone(),
                policy_is_never: true,
            });
            return;
        }
        let first = self.timing.crash_backoff;
        let runtime = self.runtime_mut(pod).container_mut(index);
        runtime.pull_backoff.next(now, now, first, longest);
        runtime.is_starting = true;
        self.hold(pod, index, WaitingReason::ErrImagePull, &not_found(image));
        self.plan_container(pod, index, PULL_SYNC, ContainerStep::PullBackOff);
        self.record(LogEntry::FailedPull {
            pod: key,
            container,
            image: image.clone(),
            policy_is_never: false,
        });
    }

    pub(super) fn pull_backs_off(&mut self, pod: Uid, index: u32) {
        let (now, longest) = (self.clock.now(), self.timing.crash_backoff_max);
        let image = self.pods[&pod].spec_of(index).image.clone();
        let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {}", not_found(&image));
        self.hold(pod, index, WaitingReason::ImagePullBackOff, &message);
        let failed = Span(now.0).0.saturating_sub(PULL_SYNC.0);
        let backoff = self.pods[&pod].container(index).pull_backoff;
        let left = backoff.left(crate::sim::Time(failed), now, longest).unwrap_or_default();
        self.plan_container(pod, index, left, ContainerStep::Retry);
        let (key, container) = self.named(pod, index);
        self.record(LogEntry::BackOffPull { pod: key, container, image });
        self.sync_status(pod);
    }

    pub(super) fn container_starts(&mut self, pod: Uid, index: u32) {
        let now = self.clock.now();
        let start_up = {
            let app = self.pods[&pod].container(index).app.as_deref();
            app.and_then(|app| app.start_up).unwrap_or_default()
        };
        let container = self.runtime_mut(pod).container_mut(index);
        container.forget_plans();
        container.workers.renew();
        container.waits = None;
        container.process = if start_up == Span::ZERO { Process::Listening } else { Process::Starting };
        container.running = Some(Running { since: now, is_reported: false });
        container.has_run = true;
        container.restart = Restart::ByPolicy;
        container.restart_count += u32::from(container.ended.is_some());
        let ip = self.pods[&pod].addresses.map(|addresses| *addresses.primary());
        let (key, name) = self.named(pod, index);
        self.record(LogEntry::Created { pod: key.clone(), container: name.clone() });
        self.record(LogEntry::Started { pod: key, container: name, ip });
        if self.cannot_bind(pod, index) {
            self.process_exited(pod, index, Terminated::exited(1, now, now));
            return;
        }
        if start_up > Span::ZERO {
            self.plan_container(pod, index, start_up, ContainerStep::Listens);
        }
        if let Some(exits) = self.exits_of(&self.pods[&pod], index) {
            self.plan_container(pod, index, exits.after, ContainerStep::Ends);
        }
        let hook = self.post_start_takes(&self.pods[&pod], index);
        match hook == Span::ZERO {
            true => self.container_started(pod, index),
            false => self.plan_container(pod, index, hook, ContainerStep::PostStarted),
        }
    }

    fn post_start_takes(&self, runtime: &PodRuntime, index: u32) -> Span {
        let hook = runtime.spec_of(index).lifecycle.post_start.as_ref();
        hook.map_or(Span::ZERO, |hook| self.hook_takes(hook, None))
    }

    /// The kubelet finds it running.
    pub(super) fn container_started(&mut self, pod: Uid, index: u32) {
        if let Some(running) = &mut self.runtime_mut(pod).container_mut(index).running {
            running.is_reported = true;
        }
        self.wake_probes(pod, Some(index));
        self.sync_pod(pod);
    }

    pub(super) fn process_listens(&mut self, pod: Uid, index: u32) {
        let container = self.runtime_mut(pod).container_mut(index);
        if container.process == Process::Starting {
            container.process = Process::Listening;
        }
        self.touch_pod(pod);
        self.wake_probes(pod, None);
    }

    /// In the node's network namespace another process has bound one of its ports.
    fn cannot_bind(&self, pod: Uid, index: u32) -> bool {
        let runtime = &self.pods[&pod];
        let Some(machine) = self.machines.get(&runtime.node).filter(|_| runtime.host_network) else {
            return false;
        };
        let spec = runtime.spec_of(index);
        let others = machine.host_network_pods.iter().filter_map(|uid| Some((*uid, self.pods.get(uid)?)));
        let mut running = others.flat_map(|(uid, other)| {
            let runs = move |i: &u32| (uid, *i) != (pod, index) && other.container(*i).process.runs();
            other.indices().filter(runs).map(|i| other.spec_of(i))
        });
        running.any(|other| clash(spec, other))
    }
}

fn not_found(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve \
         reference \"{image}\": {image}: not found"
    )
}
