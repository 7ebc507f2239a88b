//! A container's hooks (core/v1 Lifecycle).

use serde::Serialize;

use super::{Str, TargetPort};

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Lifecycle {
    /// The container does not count as started before it has returned.
    pub post_start: Option<LifecycleHandler>,
    /// The process gets its SIGTERM only after it has returned; its time is part of the grace period.
    pub pre_stop: Option<LifecycleHandler>,
}

impl Lifecycle {
    pub fn is_empty(&self) -> bool {
        self.post_start.is_none() && self.pre_stop.is_none()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum LifecycleHandler {
    Exec { command: Vec<Str> },
    HttpGet { port: TargetPort },
    TcpSocket { port: TargetPort },
    Sleep { seconds: u32 },
}
