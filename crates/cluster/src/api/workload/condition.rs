//! `status.conditions` of workloads.

use serde::Serialize;

use super::super::write::{map, rfc3339, text};
use super::super::{ConditionStatus, Str, Tree};
use crate::sim::Time;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    pub type_: &'static str,
    pub status: ConditionStatus,
    /// In one word.
    pub reason: &'static str,
    pub message: Str,
    /// A Deployment's `lastUpdateTime`, a Job's `lastProbeTime`.
    pub last_update: Time,
    pub last_transition: Time,
}

impl Condition {
    pub fn new(
        now: Time,
        type_: &'static str,
        status: ConditionStatus,
        reason: &'static str,
        message: &str,
    ) -> Condition {
        Condition { type_, status, reason, message: message.into(), last_update: now, last_transition: now }
    }
}

/// At most one of each type, in the order in which they were set.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Conditions(Vec<Condition>);

impl Conditions {
    pub fn get(&self, type_: &str) -> Option<&Condition> {
        self.0.iter().find(|condition| condition.type_ == type_)
    }

    pub fn is_true(&self, type_: &str) -> bool {
        self.get(type_).is_some_and(|condition| condition.status == ConditionStatus::True)
    }

    /// deployment_util.go, SetDeploymentCondition, and its like: nothing changes if status and reason are the same, and
    /// the time of the transition only if the status is another one.
    pub fn set(&mut self, mut condition: Condition) {
        if let Some(current) = self.get(condition.type_) {
            if current.status == condition.status && current.reason == condition.reason {
                return;
            }
            if current.status == condition.status {
                condition.last_transition = current.last_transition;
            }
        }
        self.remove(condition.type_);
        self.0.push(condition);
    }

    pub fn remove(&mut self, type_: &str) {
        self.0.retain(|condition| condition.type_ != type_);
    }

    pub fn push(&mut self, condition: Condition) {
        self.0.push(condition);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Condition> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `update` is the name that the kind gives to `last_update`, if it has it.
    pub(super) fn print(&self, update: Option<&str>) -> Tree {
        let condition = |condition: &Condition| {
            let mut out = map([
                ("lastTransitionTime", text(&rfc3339::print(condition.last_transition))),
                ("message", text(&condition.message)),
                ("reason", text(condition.reason)),
                ("status", text(condition.status.as_str())),
                ("type", text(condition.type_)),
            ]);
            if let Some(field) = update {
                out.put(field, text(&rfc3339::print(condition.last_update)));
            }
            out
        };
        Tree::seq(self.0.iter().map(condition).collect())
    }
}
