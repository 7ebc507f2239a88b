//! Conntrack, NAT and evaluation, on one node with few rules.

mod conntrack;
mod ipvs;
mod nodes;
mod policy;
mod spread;
