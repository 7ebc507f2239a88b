//! A node's machine: its power, its network stack, its Pods' addresses, its kube-proxy.

use crate::ordered::Map;
use std::net::IpAddr;
use std::sync::Arc;

use crate::api::{EndpointSlice, Name, NsName, Service, Uid};
use crate::net::Cni;
use crate::net::netfilter::Stack;
use crate::node::kube_proxy::ProxyMode;
use crate::sim::Time;

#[derive(Clone, Debug)]
pub struct Machine {
    pub uid: Uid,
    pub name: Name,
    /// The primary InternalIP.
    pub address: IpAddr,
    pub power: bool,
    /// Counts the times the machine was switched on: what was planned before is void.
    pub boot: u32,
    /// Keys the draws that its rules make.
    pub(crate) subject: u64,
    pub cni: Cni,
    pub stack: Stack,
    pub proxy: ProxyStatus,
    /// Counts the starts of its kube-proxy: what an earlier one was to hear or do is void.
    pub(crate) proxy_start: u32,
}

/// What this node's kube-proxy knows, and how old its rules are.
#[derive(Clone, Debug, Default)]
pub struct ProxyStatus {
    /// Which rules it writes.
    pub mode: ProxyMode,
    pub services: Arc<Map<NsName, Arc<Service>>>,
    pub slices: Arc<Map<NsName, Arc<EndpointSlice>>>,
    /// Watch events on their way to the node.
    pub in_transit: u32,
    /// Watch events that arrived after the rules were written.
    pub unsynced: u32,
    /// When the rules were last written.
    pub synced_at: Option<Time>,
    /// When the last watch event on its way arrives: events keep their order.
    pub(crate) last_arrival: Time,
    pub(crate) sync_planned: bool,
    /// When this kube-proxy started.
    pub(crate) started: Time,
    /// It will look at the real servers that are to go.
    pub(crate) terminates_planned: bool,
}

impl ProxyStatus {
    /// How many changes of Services and EndpointSlices the node's rules do not hold yet.
    pub fn behind(&self) -> u32 {
        self.in_transit + self.unsynced
    }
}
