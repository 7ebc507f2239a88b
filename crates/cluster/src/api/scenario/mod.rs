//! `packetyard/v1alpha1` Scenario: what a cluster has and manifests do not say.
//!
//! ```yaml
//! apiVersion: packetyard/v1alpha1
//! kind: Scenario
//! metadata: {name: one-pod-dies}
//! spec:
//!   seed: 7
//!   nodes: [{name: node-1, zone: a}, {name: node-2, zone: b, ready: false}]
//!   podCIDR: 10.244.0.0/16,fd00:10:244::/56    # two IP families; with one range, one
//!   serviceCIDR: 10.96.0.0/12,fd00:10:96::/112
//!   proxyMode: iptables                  # nftables
//!   kubeProxy: {masqueradeAll: true}     # and the rest of KubeProxyConfiguration that is simulated
//!   cni: {ipMasq: false}                 # Pods keep their address outside the Pod network
//!   apps: {drain: true}                  # on SIGTERM they serve on for half of their grace period; or for each:
//!   # - {of: deploy/default/web, serves: [8080], startUp: 5s, drains: 10s, preStop: 3s, exits: {after: 1m, code: 1}}
//!   missing: [image/shop/web:9, configmap/default/settings]
//!   dns: ideal                           # names are answered at once; or `pods`: lookups are packets to CoreDNS' Pods
//!   cloud: {ipMode: Proxy}               # load balancers open connections of their own; VIP; or `cloud: none`
//!   # or: {addressPool: [172.18.255.200-172.18.255.250, 10.0.9.0/24]}  no load balancers, but addresses as MetalLB's
//!   ipvs: {scheduler: rr}                # wrr, lc, wlc, sh, dh, sed, nq
//!   timing: teaching                     # realistic
//!   fieldValidation: Strict              # Warn, Ignore: what kubectl's --validate says of unknown fields
//!   start: settled                       # clients begin when the cluster has settled; cold: with it
//!   clients:
//!   - {name: browser, from: outside, to: service/default/web, rate: 2}
//!   - {name: probe, from: {ip: 203.0.113.10}, to: "10.244.1.4:8080", rate: 0.5, keepAlive: true, timeout: 3s}
//!   - {name: inside, from: deploy/default/frontend, to: service/default/web, protocol: UDP}
//!   - {name: log, from: deploy/default/frontend, to: "statsd:8125", protocol: UDP, oneWay: true}
//!   - {name: jvm, from: deploy/default/frontend, to: "http://web", resolve: once}
//!   - {name: ping, from: pod/default/curl, to: web, protocol: ICMP}
//!   actions:
//!   - {at: 12.5s, do: delete, object: pod/default/web-0}
//!   - {at: 20s, do: scale, deployment: default/web, replicas: 5}
//!   at: 13s
//! ```
//!
//! `at` counts from when the clients begin; what is done while the cluster settles is negative, and does not change how
//! long that takes. With `start: cold` there is no such time.
//!
//! `do` and its fields are [`Action`](crate::api::Action)'s variants and their fields. An object is written
//! `Kind/namespace/name`, a name in a namespace `namespace/name` or, in `default`, the name alone.

mod actions;
mod address_pool;
mod app;
mod client;
mod cloud;
mod dns;
mod field_validation;
mod kube_proxy;
mod ranges;
mod read;
mod reference;
pub(super) mod service_policy;
mod validate;
pub(super) mod wire;
mod write;

use serde::Serialize;

use super::{Name, Prerequisite, Str, TimedAction};
use crate::node::kube_proxy::ProxyMode;
use crate::sim::Moment;
use netfilter::{Cidr, PerFamily, Scheduler};

pub use actions::MAX_ACTIONS;
pub use address_pool::AddressPool;
pub(super) use address_pool::check as check_address_pool;
pub use app::{App, Exits, MAX_APPS};
pub use client::{ClientFrom, ClientSpec, Resolve};
pub use cloud::CloudProvider;
pub use dns::ClusterDns;
pub use field_validation::FieldValidation;
pub use kube_proxy::{DetectLocalMode, KubeProxy, NodePortAddresses};
pub(super) use read::{check_pod_range, decode, is_mentioned_in, is_scenario};
pub(super) use reference::{parse_object, print_object};
pub(crate) use validate::check_action;

/// Everything is optional: what is not said is the World's default.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Scenario {
    /// `metadata.name`.
    pub name: Option<Str>,
    pub title: Option<Str>,
    pub description: Option<Str>,
    pub seed: Option<u64>,
    pub nodes: Option<Vec<ScenarioNode>>,
    /// `podCIDR`, of the cluster's families.
    pub pod_cidrs: Option<PerFamily<Cidr>>,
    /// `serviceCIDR`, of families that the Pods have.
    pub service_cidrs: Option<PerFamily<Cidr>>,
    pub kube_proxy: Option<KubeProxy>,
    /// `cni.ipMasq`: false where Pods keep their address outside the Pod network.
    pub ip_masq: Option<bool>,
    /// `apps.drain`: true where apps go on serving for a while after SIGTERM.
    pub apps_drain: Option<bool>,
    /// `apps` as a list: what single programs do.
    pub apps: Vec<App>,
    /// What Pods need and is not there.
    pub missing: Vec<Prerequisite>,
    pub cloud: Option<CloudProvider>,
    pub dns: Option<ClusterDns>,
    pub proxy_mode: Option<ProxyMode>,
    /// `ipvs.scheduler`
    pub ipvs_scheduler: Option<Scheduler>,
    pub timing: Option<TimingProfile>,
    /// Of the text that the Scenario is in. Texts that its actions apply are read strictly.
    pub field_validation: Option<FieldValidation>,
    pub start: Option<Start>,
    /// `None`: derived from the manifests. Empty: no client at all.
    pub clients: Option<Vec<ClientSpec>>,
    pub actions: Vec<TimedAction>,
    /// The moment at which a link opens.
    pub at: Option<Moment>,
    /// The version of the model that the scenario was recorded with.
    pub model: Option<Str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioNode {
    pub name: Name,
    pub zone: Option<Str>,
    /// True unless said otherwise.
    pub ready: bool,
}

/// When the clients begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum Start {
    /// When the cluster has settled.
    #[default]
    Settled,
    /// With the cluster.
    Cold,
}

impl Start {
    pub fn as_str(self) -> &'static str {
        match self {
            Start::Settled => "settled",
            Start::Cold => "cold",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum TimingProfile {
    Realistic,
    #[default]
    Teaching,
}

impl TimingProfile {
    pub fn as_str(self) -> &'static str {
        match self {
            TimingProfile::Realistic => "realistic",
            TimingProfile::Teaching => "teaching",
        }
    }
}
