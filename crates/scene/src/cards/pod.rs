//! Pods, and the ghosts of those that are gone.

use cluster::api::Uid;
use cluster::trace::Outcome;
use cluster::traffic::ClientId;

use super::AssumedPort;
use crate::facts::{Call, PodFacts, PodState};
use crate::geometry::Rect;
use crate::layout::PodForm;
use crate::marks::Mark;
use crate::{Scene, words};

/// A letter of the name: monospaced, 12 px.
pub const NAME_LETTER: f64 = 7.25;
const IP_CHARACTER: f64 = 6.3;
const MOST_MARKS: usize = 4;
pub const MOST_LABELS: usize = 2;
/// A mark in a row of them.
const MARK: f64 = 18.0;

/// What the card of a Pod shows.
#[derive(Clone, PartialEq)]
pub struct ShownPod {
    pub pod: PodFacts,
    /// The Services that send to it, by name.
    pub services: Vec<String>,
    pub marks: Vec<Mark>,
    pub place: Rect,
}

/// What it calls, or what it is to its workload.
#[derive(Clone, Debug, PartialEq)]
pub enum CallLine {
    Says(String),
    /// A call failed a moment ago: that of this client, or else the one to this target.
    Failed {
        outcome: Outcome,
        whose: Option<String>,
    },
}

impl ShownPod {
    pub fn of(scene: &Scene, uid: Uid) -> Option<ShownPod> {
        let pod = scene.facts.pods.iter().find(|pod| pod.uid == uid)?.clone();
        let services = scene.facts.services.iter().filter(|service| pod.services.contains(&service.uid));
        Some(ShownPod {
            services: services.map(|service| service.key.name.to_string()).collect(),
            marks: marks(scene, &pod.services),
            place: scene.layout.pod(uid)?,
            pod,
        })
    }

    pub fn tone(&self) -> Tone {
        tone(&self.pod.state)
    }

    pub fn label(&self) -> String {
        let services: Vec<&str> = self.services.iter().map(String::as_str).collect();
        words::pod_label(&self.pod, &services, &self.trouble())
    }

    /// What it lacks, and what is assumed of it.
    pub fn trouble(&self) -> Vec<String> {
        let lacks = self.pod.lacks.iter().map(::words::not_ready);
        lacks.chain(self.pod.assumed.iter().map(::words::asked_port)).collect()
    }

    /// In the lines below its name, in place of what is of less use meanwhile. That it has completed, or is being
    /// made, its state says.
    pub fn reason(&self) -> Option<String> {
        let lacks = self.pod.lacks.as_ref()?;
        match self.pod.state {
            PodState::Completed | PodState::Creating | PodState::NodeOff | PodState::Ready => None,
            PodState::Pending
            | PodState::SchedulingGated
            | PodState::Rejected(_)
            | PodState::Init { .. }
            | PodState::NotReady
            | PodState::PreStop
            | PodState::Terminating
            | PodState::Crashed(_)
            | PodState::Held(_) => Some(::words::not_ready(lacks)),
        }
    }

    /// A port that it is asked for and does not declare.
    pub fn assumed(&self) -> Option<AssumedPort> {
        AssumedPort::of(&self.pod.assumed)
    }

    fn width_within(&self) -> f64 {
        self.place.w - 16.0
    }

    fn name(&self, width: f64) -> String {
        words::shorten(&self.pod.key.name, (width / NAME_LETTER) as usize)
    }

    pub fn whole_name(&self) -> String {
        self.name(self.width_within())
    }

    pub fn name_beside_marks(&self, other: f64) -> String {
        self.name(self.width_within() - MARK * self.marks.len() as f64 - other)
    }

    pub fn ip(&self) -> String {
        match &self.pod.ip {
            Some(ip) => words::shorten(ip, (self.width_within() / IP_CHARACTER) as usize),
            None => words::NO_ADDRESS_YET.to_owned(),
        }
    }

    pub fn state(&self) -> String {
        let state = &self.pod.state;
        if self.place.w < 150.0 { words::pod_state_short(state) } else { words::pod_state(state) }
            .into_owned()
    }

    /// As many as [`PodFacts::call_lines`], or one of what it is to its workload. `failed`: its calls that failed
    /// recently.
    pub fn calls(&self, failed: &[(ClientId, Outcome)]) -> Vec<CallLine> {
        let how = |call: &Call| failed.iter().find(|(client, _)| *client == call.client).map(|(_, how)| *how);
        let line =
            |call: &Call| how(call).map(|outcome| CallLine::Failed { outcome, whose: Some(whose(call)) });
        if self.pod.call_lines() > 1 {
            let says = |call: &Call| CallLine::Says(words::call(call));
            return self.pod.calls.iter().map(|call| line(call).unwrap_or_else(|| says(call))).collect();
        }
        let failed = self.pod.calls.iter().find_map(line);
        let says = || words::calls(&self.pod.calls).or_else(|| words::part(&self.pod)).map(CallLine::Says);
        failed.or_else(says).into_iter().collect()
    }
}

fn whose(call: &Call) -> String {
    call.name.clone().unwrap_or_else(|| call.target.clone())
}

/// Those of the Services that send to it.
fn marks(scene: &Scene, services: &[Uid]) -> Vec<Mark> {
    services.iter().take(MOST_MARKS).filter_map(|uid| scene.mark(*uid).cloned()).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Ok,
    Warn,
    Bad,
    Off,
}

pub fn tone(state: &PodState) -> Tone {
    match state {
        PodState::Ready => Tone::Ok,
        PodState::Pending
        | PodState::SchedulingGated
        | PodState::Creating
        | PodState::Init { held: None, .. }
        | PodState::PreStop
        | PodState::Terminating => Tone::Warn,
        PodState::NotReady
        | PodState::Init { held: Some(_), .. }
        | PodState::Held(_)
        | PodState::Rejected(_)
        | PodState::Crashed(_) => Tone::Bad,
        PodState::Completed | PodState::NodeOff => Tone::Off,
    }
}

/// What is shown of a Pod that is gone.
#[derive(Clone, PartialEq)]
pub struct ShownGhost {
    pub name: String,
    pub ip: String,
    pub marks: Vec<Mark>,
    pub place: Rect,
    pub form: PodForm,
}

impl ShownGhost {
    pub fn all(scene: &Scene) -> Vec<ShownGhost> {
        let ghosts = scene.layout.nodes.iter().flat_map(|node| &node.ghosts);
        let shown = ghosts.map(|(occupant, place)| ShownGhost {
            name: occupant.key.name.to_string(),
            ip: occupant.ip.clone().unwrap_or_default(),
            marks: marks(scene, &occupant.services),
            place: *place,
            form: scene.layout.pod,
        });
        shown.collect()
    }

    /// Whether there is room for more than its name.
    pub fn has_room(&self) -> bool {
        self.form < PodForm::Dense
    }

    pub fn short_name(&self) -> String {
        match self.form {
            PodForm::Dot => String::new(),
            PodForm::Full | PodForm::Plain | PodForm::Dense | PodForm::Tiny => {
                words::shorten(&self.name, ((self.place.w - 16.0) / NAME_LETTER) as usize)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Facts, SystemObjects};
    use crate::testing::{WEB, run};

    /// Two clients in one Pod, under names of their own.
    const NAMED: &str = "
apiVersion: packetyard/v1alpha1
kind: Scenario
metadata: {name: named}
spec:
  clients:
  - {name: by-name, from: pod/default/curl, to: \"http://payment:443\", rate: 1}
  - {name: by-address, from: pod/default/curl, to: \"10.244.1.2:8080\", rate: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {containers: [{name: curl, image: curlimages/curl}]}
---";

    #[test]
    fn clients_in_a_pod_appear_under_their_own_names() {
        let run = run(&[NAMED, WEB].concat(), 3);
        let facts = Facts::of(run.world(), SystemObjects::Hidden);
        let pod = facts.pods.iter().find(|pod| &*pod.key.name == "curl").expect("it is there").clone();
        let place = Rect { x: 0.0, y: 0.0, w: 170.0, h: 116.0 };
        let shown = ShownPod { pod, services: Vec::new(), marks: Vec::new(), place };
        let says = |words: &str| CallLine::Says(words.into());
        assert_eq!(shown.calls(&[]), [says("by-name → payment"), says("by-address → 10.244.1.2:8080")]);
        let (client, outcome) = (shown.pod.calls[1].client, Outcome::HostUnreachable);
        let failed = CallLine::Failed { outcome, whose: Some("by-address".into()) };
        assert_eq!(shown.calls(&[(client, outcome)]), [says("by-name → payment"), failed]);
        assert!(shown.label().contains("calls payment as by-name (1 req/s)"), "{}", shown.label());
    }
}
