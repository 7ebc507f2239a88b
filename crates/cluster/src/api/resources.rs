//! What containers ask for and what nodes have: `v1` ResourceList and ResourceRequirements.

use litemap::LiteMap;
use serde::Serialize;

use super::{Quantity, Str};

/// `cpu`, `memory`, `ephemeral-storage`, `pods`, `hugepages-2Mi`, or an extended resource such as `example.com/gpu`.
pub type ResourceList = LiteMap<Str, Quantity>;

pub const CPU: &str = "cpu";
pub const MEMORY: &str = "memory";
pub const EPHEMERAL_STORAGE: &str = "ephemeral-storage";
pub const PODS: &str = "pods";

/// `resources` of a container.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct ResourceRequirements {
    pub requests: ResourceList,
    pub limits: ResourceList,
}

impl ResourceRequirements {
    /// core/v1 defaults.go, SetDefaults_Pod: what has a limit and no request, requests its limit.
    pub fn set_defaults(&mut self) {
        for (name, limit) in &self.limits {
            if !self.requests.contains_key(name) {
                self.requests.insert(name.clone(), *limit);
            }
        }
    }
}
