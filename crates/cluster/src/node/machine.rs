//! A node's machine: its power, its network stack, its Pods' addresses, its kube-proxy.

use crate::ordered::Map;
use std::net::IpAddr;
use std::sync::Arc;

use crate::api::{EndpointSlice, Name, NsName, Service, Uid};
use crate::net::Cni;
use crate::net::netfilter::Stack;
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
}

/// What this node's kube-proxy knows, and how old its rules are.
#[derive(Clone, Debug, Default)]
pub struct ProxyStatus {
    pub services: Arc<Map<NsName, Arc<Service>>>,
    pub slices: Arc<Map<NsName, Arc<EndpointSlice>>>,
    /// Watch events on their way to the node.
    pub in_transit: u32,
    /// Watch events that arrived after the rules were written.
    pub unsynced: u32,
    /// What the rules were last written from.
    pub written: Written,
    /// When the rules were last written.
    pub synced_at: Option<Time>,
    /// When the last watch event on its way arrives: events keep their order.
    pub(crate) last_arrival: Time,
    pub(crate) sync_planned: bool,
}

/// What kube-proxy had seen when it wrote the rules that are in force.
#[derive(Clone, Debug, Default)]
pub struct Written {
    pub services: Arc<Map<NsName, Arc<Service>>>,
    pub slices: Arc<Map<NsName, Arc<EndpointSlice>>>,
}

impl ProxyStatus {
    /// How many changes of Services and EndpointSlices the node's rules do not hold yet.
    pub fn behind(&self) -> u32 {
        self.in_transit + self.unsynced
    }
}
