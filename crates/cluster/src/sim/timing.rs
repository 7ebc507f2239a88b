//! Every latency of the model, under its real name.

use serde::Serialize;

use super::Span;
use crate::api::TimingProfile;

/// The numbers of a profile. All are simulated time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timing {
    pub profile: TimingProfile,
    /// By how much the network and TCP are slower than real ones.
    pub network_factor: u32,

    /// Between two machines: node to node, cloud to node, outside to cloud.
    pub link: Span,
    /// Between a Pod and its node: the veth pair and the bridge.
    pub pod_link: Span,
    /// A packet's way through a node's hooks.
    pub forwarding: Span,
    /// From a request's arrival in the app to its answer.
    pub app_answer: Span,
    /// TCP's first retransmission time-out of a SYN (RFC 6298: 1 s); doubled at each try.
    pub tcp_initial_rto: Span,
    /// Of a segment, where the round trip is much shorter: TCP_RTO_MIN (include/net/tcp.h, 200 ms).
    pub tcp_rto: Span,
    /// net.ipv4.neigh.*.mcast_solicit (3) times retrans_time_ms (1 s): how long a node asks
    /// who has an address before it tells the sender "host unreachable".
    pub neighbour_timeout: Span,
    /// How long a resolver waits for DNS' answer: resolv.conf's `timeout` (RES_TIMEOUT, 5 s).
    pub dns_timeout: Span,
    /// How long a client of this laboratory waits for an answer.
    pub client_timeout: Span,

    /// A change's way from the API server to a watcher: at least, and up to this much more.
    pub watch_delay: Span,
    pub watch_delay_spread: Span,
    /// kube-controller-manager --endpoint-updates-batch-period (upstream's default is 0 s;
    /// what stays is the work queue).
    pub endpoint_slice_batch: Span,
    /// kube-proxy minSyncPeriod. `None`: the default of the mode, 1 s, or nothing in mode ipvs.
    pub proxy_min_sync_period: Option<Span>,
    /// kube-proxy iptables.syncPeriod (default 30 s): in a large cluster chains that nothing jumps
    /// to any more are deleted so seldom.
    pub proxy_sync_period: Span,
    /// From a change of kube-proxy's configuration to its restart on a node: at least, and up to
    /// `proxy_restart_spread` more (its DaemonSet's Pods are replaced a few at a time).
    pub proxy_restart: Span,
    pub proxy_restart_spread: Span,
    /// How long iptables-restore, or nft, takes.
    pub proxy_sync: Span,

    /// From binding to the Pod's address, and from there to a running container: at least,
    /// and up to `pod_start_spread` more.
    pub pod_sandbox: Span,
    pub container_start: Span,
    pub pod_start_spread: Span,
    /// How long an init container runs, and how long one of a Job's: assumed, since no manifest says it.
    pub init_container_run: Span,
    pub job_run: Span,
    /// From SIGTERM to the end of a process that stops when told to.
    pub app_shutdown: Span,
    /// kubelet's first back-off for a container that crashed again, and for an image that is not there (10 s, doubled,
    /// at most 300 s; the gate ReduceDefaultCrashLoopBackOffDecay is off in 1.36).
    pub crash_backoff: Span,
    pub crash_backoff_max: Span,

    /// From power to a kubelet that reports Ready.
    pub node_boot: Span,
    /// kube-controller-manager --node-monitor-grace-period (50 s since 1.32).
    pub node_monitor_grace: Span,
    /// tolerationSeconds that the DefaultTolerationSeconds plugin gives every Pod (300 s).
    pub node_eviction: Span,

    /// How long the cloud takes to give a load balancer its address.
    pub load_balancer_provision: Span,
    /// How long its health checks take to notice that a node came or went.
    pub load_balancer_health: Span,
    /// How long MetalLB's speakers take to find that a node is gone: memberlist probes each once a second, and suspects
    /// one for 4 s (DefaultLANConfig: ProbeInterval, SuspicionMult).
    pub speaker_failure: Span,
}

impl Timing {
    /// Teaching's factor: 0.1 ms between machines becomes a quarter of a second.
    pub const NETWORK_FACTOR: u32 = 2_500;

    pub fn new(profile: TimingProfile) -> Timing {
        match profile {
            TimingProfile::Realistic => Timing::realistic(),
            TimingProfile::Teaching => Timing::teaching(),
        }
    }

    fn realistic() -> Timing {
        Timing {
            profile: TimingProfile::Realistic,
            network_factor: 1,
            link: Span::from_micros(100),
            pod_link: Span::from_micros(40),
            forwarding: Span::from_micros(20),
            app_answer: Span::from_micros(100),
            tcp_initial_rto: Span::from_secs(1),
            tcp_rto: Span::from_millis(200),
            neighbour_timeout: Span::from_secs(3),
            dns_timeout: Span::from_secs(5),
            client_timeout: Span::from_secs(10),
            watch_delay: Span::from_millis(5),
            watch_delay_spread: Span::from_millis(45),
            endpoint_slice_batch: Span::ZERO,
            proxy_min_sync_period: None,
            proxy_sync_period: Span::from_secs(30),
            proxy_restart: Span::from_secs(1),
            proxy_restart_spread: Span::from_secs(4),
            proxy_sync: Span::from_millis(50),
            pod_sandbox: Span::from_millis(600),
            container_start: Span::from_millis(900),
            pod_start_spread: Span::from_millis(500),
            init_container_run: Span::from_secs(1),
            job_run: Span::from_secs(5),
            app_shutdown: Span::from_millis(500),
            crash_backoff: Span::from_secs(10),
            crash_backoff_max: Span::from_secs(300),
            node_boot: Span::from_secs(20),
            node_monitor_grace: Span::from_secs(50),
            node_eviction: Span::from_secs(300),
            load_balancer_provision: Span::from_secs(40),
            load_balancer_health: Span::from_secs(10),
            speaker_failure: Span::from_secs(5),
        }
    }

    fn teaching() -> Timing {
        let real = Timing::realistic();
        let factor = u64::from(Timing::NETWORK_FACTOR);
        Timing {
            profile: TimingProfile::Teaching,
            network_factor: Timing::NETWORK_FACTOR,
            link: real.link.times(factor),
            pod_link: real.pod_link.times(factor),
            forwarding: real.forwarding.times(factor),
            app_answer: real.app_answer.times(factor),
            tcp_initial_rto: real.tcp_initial_rto.times(factor),
            tcp_rto: real.tcp_rto.times(factor),
            client_timeout: Span::from_secs(15),
            watch_delay: Span::from_millis(150),
            watch_delay_spread: Span::from_millis(1_000),
            pod_sandbox: Span::from_millis(900),
            container_start: Span::from_millis(1_400),
            app_shutdown: Span::from_millis(1_500),
            node_boot: Span::from_secs(5),
            load_balancer_provision: Span::from_secs(4),
            load_balancer_health: Span::from_secs(4),
            ..real
        }
    }
}
