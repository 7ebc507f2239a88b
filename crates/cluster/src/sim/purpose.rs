//! The purposes of the simulation's random draws.

use netfilter::KernelPurpose;

/// The numbers follow those of the kernels' purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// The source port that a client's kernel picks.
    EphemeralPort = KernelPurpose::LAST as u64 + 1,
    /// A client's pause before its next request.
    Pause,
    /// The suffix of a generated name.
    NameSuffix,
    /// The scheduler's choice among nodes of equal score.
    Scheduler,
    /// Where in a band an allocator starts to look.
    Allocation,
    /// How long a watch event takes to reach its watcher.
    WatchDelay,
    /// How long a Pod takes to start.
    PodStart,
    /// Which node a load balancer, or a person outside, picks.
    NodeChoice,
    /// The order in which DNS gives addresses.
    DnsShuffle,
    /// When in its period a probe first runs.
    ProbePhase,
    /// When a node's kube-proxy restarts after a change of its configuration.
    ProxyRestart,
    /// Which ServiceCIDR a ClusterIP is taken from.
    ServiceCidr,
}

impl netfilter::Purpose for Purpose {
    fn number(self) -> u64 {
        self as u64
    }
}
