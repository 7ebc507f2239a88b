//! What the program in a container does. A manifest says little of it: `containerPort` only informs. What is assumed is
//! here, in one place; a Scenario's `apps` and the action `setApp` say otherwise.

use std::sync::Arc;

use serde::Serialize;

use super::container::{ContainerRuntime, Process, Role};
use super::pod::PodRuntime;
use crate::api::{
    App, Container, Exits, Kind, LifecycleHandler, ObjectRef, Pod, RestartPolicy, TargetPort, Uid,
};
use crate::sim::{Span, World};

/// The ports that a container's process listens on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ServedPorts {
    /// None of its Pod's containers declares one.
    Every,
    /// Those that it declares, and those that its own probes and hooks ask.
    These(Vec<u16>),
    /// Those that its App names (`serves`).
    OfApp(Vec<u16>),
}

/// What a port that a Service or a probe asks for is taken for in a Pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PortAssumption {
    /// A container declares it.
    Declared,
    /// No container declares it, but one's own probe or hook asks for it: it is served.
    AskedByProbe,
    /// No container declares any: each is served.
    AnyPort,
    /// The App names it (`serves`).
    ServedByApp,
    /// Others are declared: nobody listens, the connection is refused.
    NotServed,
    /// The App has a list that lacks it, or refuses it.
    RefusedByApp,
}

impl PortAssumption {
    pub fn is_served(self) -> bool {
        match self {
            PortAssumption::Declared
            | PortAssumption::AskedByProbe
            | PortAssumption::AnyPort
            | PortAssumption::ServedByApp => true,
            PortAssumption::NotServed | PortAssumption::RefusedByApp => false,
        }
    }

    /// Whether a manifest does not say it and a person should know.
    pub fn is_assumed(self) -> bool {
        match self {
            PortAssumption::AskedByProbe | PortAssumption::AnyPort | PortAssumption::NotServed => true,
            PortAssumption::Declared | PortAssumption::ServedByApp | PortAssumption::RefusedByApp => false,
        }
    }
}

/// The ports that a container's probes and hooks ask of it, by number.
fn asked_ports(container: &Container) -> impl Iterator<Item = u16> {
    let hooks = [&container.lifecycle.post_start, &container.lifecycle.pre_stop].into_iter().flatten();
    let hooks = hooks.filter_map(|hook| match hook {
        LifecycleHandler::HttpGet { port } | LifecycleHandler::TcpSocket { port } => Some(port),
        LifecycleHandler::Exec { .. } | LifecycleHandler::Sleep { .. } => None,
    });
    let probes = container.probes().filter_map(|probe| probe.handler.port());
    probes.chain(hooks).filter_map(|port| port_number(container, port))
}

/// `None` for a name that the container does not have.
pub(crate) fn port_number(container: &Container, port: &TargetPort) -> Option<u16> {
    match port {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => container.port_named(name),
    }
}

/// A Pod's containers as far as ports are concerned: each with what was said of it.
pub(super) struct PodPorts<'a> {
    pub containers: Vec<(&'a Container, Option<&'a App>)>,
}

impl PodPorts<'_> {
    fn declares_any(&self) -> bool {
        self.containers.iter().any(|(container, _)| !container.ports.is_empty())
    }

    pub fn served_by(&self, (container, app): (&Container, Option<&App>)) -> ServedPorts {
        if let Some(serves) = app.and_then(|app| app.serves.as_ref()) {
            return ServedPorts::OfApp(serves.clone());
        }
        if !self.declares_any() {
            return ServedPorts::Every;
        }
        let declared = container.ports.iter().map(|port| port.container_port);
        let mut ports: Vec<u16> = declared.chain(asked_ports(container)).collect();
        ports.sort_unstable();
        ports.dedup();
        ServedPorts::These(ports)
    }

    fn port_assumption(&self, port: u16) -> PortAssumption {
        let refuses = |app: &App| app.refuses.contains(&port);
        let here = || self.containers.iter().filter(|(_, app)| !app.is_some_and(refuses));
        let said = |app: &App| app.serves.as_ref().is_some_and(|serves| serves.contains(&port));
        if here().any(|(_, app)| app.is_some_and(said)) {
            return PortAssumption::ServedByApp;
        }
        let unsaid = || here().filter(|(_, app)| app.is_none_or(|app| app.serves.is_none()));
        if unsaid().any(|(container, _)| container.ports.iter().any(|p| p.container_port == port)) {
            return PortAssumption::Declared;
        }
        if unsaid().any(|(container, _)| asked_ports(container).any(|asked| asked == port)) {
            return PortAssumption::AskedByProbe;
        }
        if unsaid().next().is_none() {
            return PortAssumption::RefusedByApp;
        }
        if self.declares_any() { PortAssumption::NotServed } else { PortAssumption::AnyPort }
    }
}

fn ports_of(runtime: &PodRuntime) -> PodPorts<'_> {
    let apps = runtime.containers.iter().map(|container| container.app.as_deref());
    let long_lived = |container: &ContainerRuntime| container.role != Role::Init;
    let all = runtime.specs().zip(apps).zip(&runtime.containers);
    PodPorts { containers: all.filter(|(_, c)| long_lived(c)).map(|(pair, _)| pair).collect() }
}

impl World {
    /// What a port is taken for in a Pod, whether it runs or not.
    pub fn port_assumption(&self, pod: &Pod, port: u16) -> PortAssumption {
        let long_lived: Vec<&Container> = pod.spec.sidecars().chain(&pod.spec.containers).collect();
        let apps = long_lived.iter().map(|container| self.app_of(pod, &container.name));
        let apps: Vec<Option<Arc<App>>> = apps.collect();
        let containers = long_lived.into_iter().zip(apps.iter().map(Option::as_deref)).collect();
        PodPorts { containers }.port_assumption(port)
    }

    /// The container whose process accepts connections on the port.
    pub(crate) fn listener(&self, pod: Uid, port: u16) -> Option<u32> {
        let runtime = self.pods.get(&pod)?;
        let ports = ports_of(runtime);
        runtime.indices().find(|index| {
            let container = runtime.container(*index);
            let app = container.app.as_deref();
            if !container.process.serves() || app.is_some_and(|app| app.refuses.contains(&port)) {
                return false;
            }
            match ports.served_by((runtime.spec_of(*index), app)) {
                // One process can have it: the first main container's.
                ServedPorts::Every => container.role == Role::Main,
                ServedPorts::These(ports) | ServedPorts::OfApp(ports) => ports.contains(&port),
            }
        })
    }

    /// The process that a connection belongs to at its server's end.
    pub(crate) fn process_in(&self, pod: Uid, container: u32) -> Process {
        let container = self.pods.get(&pod).and_then(|runtime| runtime.containers.get(container as usize));
        container.map_or(Process::Stopped, |container| container.process)
    }

    /// What was said of the program in a Pod's container: of the Pod itself first, then of what controls it; of the
    /// container by its name first.
    pub(super) fn app_of(&self, pod: &Pod, container: &str) -> Option<Arc<App>> {
        if self.apps.is_empty() {
            return None;
        }
        let controllers = self.controllers_of(pod);
        let find = |object: &ObjectRef, container: Option<&str>| {
            self.apps.iter().find(|app| app.of == *object && app.container.as_deref() == container)
        };
        let found = controllers
            .iter()
            .find_map(|object| find(object, Some(container)).or_else(|| find(object, None)));
        found.cloned()
    }

    /// What was said of the Pod's programs, changed so that one port is served or is not. Of several containers the
    /// first main one gets a port that none has.
    pub(crate) fn app_of_pod_with_port(&self, pod: &Pod, of: &ObjectRef, port: u16, is_served: bool) -> App {
        let main = pod.spec.containers.first().expect("a Pod has a container");
        let said = self.app_of(pod, &main.name);
        let is_of_one = said.as_ref().is_some_and(|app| app.container.is_some());
        let blank = App {
            of: of.clone(),
            container: None,
            serves: None,
            refuses: Vec::new(),
            start_up: None,
            drains: None,
            pre_stop: None,
            exits: None,
        };
        let mut app = said.as_deref().cloned().unwrap_or(blank);
        if !is_served {
            if !app.refuses.contains(&port) {
                app.refuses.push(port);
            }
            return app;
        }
        app.refuses.retain(|refused| *refused != port);
        let apps: Vec<Option<Arc<App>>> =
            pod.spec.containers.iter().map(|spec| self.app_of(pod, &spec.name)).collect();
        let containers: Vec<_> = pod.spec.containers.iter().zip(apps.iter().map(Option::as_deref)).collect();
        let ports = PodPorts { containers };
        let mut serves = match ports.served_by((main, Some(&app))) {
            ServedPorts::Every => return app,
            ServedPorts::These(ports) | ServedPorts::OfApp(ports) => ports,
        };
        if !serves.contains(&port) {
            serves.push(port);
            serves.sort_unstable();
            app.serves = Some(serves);
            if !is_of_one && pod.spec.containers.len() > 1 {
                app.container = Some(main.name.clone());
            }
        }
        app
    }

    /// The Pod, and who controls it, and who controls that.
    pub(crate) fn controllers_of(&self, pod: &Pod) -> Vec<ObjectRef> {
        let mut out = vec![ObjectRef::of_key(Kind::Pod, &pod.meta.key())];
        let mut owner = pod.meta.owner.clone();
        while let Some(of) = owner {
            let namespace = pod.meta.namespace.clone();
            let object = ObjectRef { kind: of.kind, namespace, name: of.name };
            owner = self.store.get(&object).and_then(|object| object.meta().owner.clone());
            // Who owns itself would be asked for ever.
            if out.contains(&object) {
                break;
            }
            out.push(object);
        }
        out
    }

    /// When, after its start, a container's process ends of itself, and with which code.
    pub(super) fn exits_of(&self, runtime: &PodRuntime, index: u32) -> Option<Exits> {
        let container = runtime.container(index);
        let said = container.app.as_deref().and_then(|app| app.exits);
        let assumed = match container.role {
            Role::Init => Some(self.timing.init_container_run),
            Role::Main if runs_to_completion(&runtime.pod) => Some(self.timing.job_run),
            Role::Main | Role::Sidecar => None,
        };
        said.or(assumed.map(|after| Exits { after, code: 0 }))
    }

    /// How long a hook takes. A command or a request takes the time that was said, or none.
    pub(super) fn hook_takes(&self, handler: &LifecycleHandler, app: Option<&App>) -> Span {
        match handler {
            LifecycleHandler::Sleep { seconds } => Span::from_secs(u64::from(*seconds)),
            LifecycleHandler::Exec { .. }
            | LifecycleHandler::HttpGet { .. }
            | LifecycleHandler::TcpSocket { .. } => app.and_then(|app| app.pre_stop).unwrap_or(Span::ZERO),
        }
    }
}

/// A Job's Pod: its containers end of themselves, with success. A Pod of its own runs on, whatever its policy.
pub(super) fn runs_to_completion(pod: &Pod) -> bool {
    let of_job = pod.meta.owner.as_ref().is_some_and(|owner| owner.kind == Kind::Job);
    of_job && pod.spec.restart_policy != RestartPolicy::Always
}

/// Whether two containers of one network namespace cannot both bind what they declare.
pub(super) fn clash(a: &Container, b: &Container) -> bool {
    let same = |port: &crate::api::ContainerPort, other: &crate::api::ContainerPort| {
        port.container_port == other.container_port && port.protocol == other.protocol
    };
    a.ports.iter().any(|port| b.ports.iter().any(|other| same(port, other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ContainerPort, Kind, NsName, Probe, ProbeHandler};
    use netfilter::Protocol;

    fn container(ports: &[u16], asked: Option<u16>) -> Container {
        let port = |port: &u16| ContainerPort {
            name: None,
            container_port: *port,
            host_port: 0,
            host_ip: None,
            protocol: Protocol::Tcp,
        };
        let probe = |port| Probe {
            handler: ProbeHandler { http_get: Some(TargetPort::Number(port)), ..ProbeHandler::default() },
            ..Probe::DEFAULT
        };
        Container {
            ports: ports.iter().map(port).collect(),
            readiness: asked.map(probe),
            ..Container::default()
        }
    }

    fn app(serves: Option<&[u16]>, refuses: &[u16]) -> App {
        App {
            of: ObjectRef::of_key(Kind::Pod, &NsName::new("default", "web")),
            container: None,
            serves: serves.map(<[u16]>::to_vec),
            refuses: refuses.to_vec(),
            start_up: None,
            drains: None,
            pre_stop: None,
            exits: None,
        }
    }

    #[test]
    fn what_a_port_is_taken_for() {
        use PortAssumption::{AnyPort, AskedByProbe, Declared, NotServed, RefusedByApp, ServedByApp};
        let declares = container(&[9000], Some(9001));
        let silent = container(&[], None);
        let said = app(Some(&[80]), &[]);
        let refuses = app(None, &[9000]);
        let check = |containers: &[(&Container, Option<&App>)], port, expected| {
            let ports = PodPorts { containers: containers.to_vec() };
            assert_eq!(ports.port_assumption(port), expected, "{port} of {containers:?}");
        };
        check(&[(&declares, None)], 9000, Declared);
        check(&[(&declares, None)], 9001, AskedByProbe);
        check(&[(&declares, None)], 8080, NotServed);
        check(&[(&declares, None), (&silent, None)], 8080, NotServed);
        check(&[(&silent, None)], 8080, AnyPort);
        check(&[(&declares, Some(&said))], 80, ServedByApp);
        check(&[(&declares, Some(&said))], 9000, RefusedByApp);
        check(&[(&declares, Some(&refuses))], 9000, RefusedByApp);
        check(&[(&declares, Some(&refuses)), (&silent, Some(&said))], 80, ServedByApp);
    }

    #[test]
    fn a_container_serves_what_it_declares_and_what_its_probes_ask() {
        let (declares, silent) = (container(&[9000], Some(9001)), container(&[], None));
        let ports = PodPorts { containers: vec![(&declares, None), (&silent, None)] };
        assert_eq!(ports.served_by((&declares, None)), ServedPorts::These(vec![9000, 9001]));
        assert_eq!(ports.served_by((&silent, None)), ServedPorts::These(vec![]));
        let ports = PodPorts { containers: vec![(&silent, None)] };
        assert_eq!(ports.served_by((&silent, None)), ServedPorts::Every);
    }
}
