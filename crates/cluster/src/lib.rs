//! The simulated Kubernetes: pure, deterministic, no web, no I/O, no clock of its own.
//!
//! The modules, in the order in which a change passes through a real cluster:
//!
//! | module | job |
//! |---|---|
//! | [`api`] | Kubernetes objects under their own names; YAML and JSON in and out; defaults; validation |
//! | [`store`] | the API server's storage: what exists, at which resourceVersion |
//! | [`control`] | controllers: level-triggered, each looks at the store and writes to it |
//! | [`node`] | kubelet and kube-proxy, one of each on every node |
//! | [`net`] | Pod networking: the addresses that each node's Pods get |
//! | [`dns`] | cluster DNS: names to addresses |
//! | [`traffic`] | clients, connections, requests and replies |
//! | [`trace`] | what happened to a packet, hop by hop |
//! | [`sim`] | the World, its events and its history |
//! | [`diagnosis`] | why a Pod is not ready, and a Service has no endpoints |
//!
//! What a node's kernel does to packets is a crate of its own, [`netfilter`].

pub mod api;
pub mod control;
pub mod diagnosis;
pub mod dns;
pub mod net;
pub mod node;
pub mod sim;
#[cfg(test)]
mod skipped;
pub mod store;
pub mod trace;
pub mod traffic;
