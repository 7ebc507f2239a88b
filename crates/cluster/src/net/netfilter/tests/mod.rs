//! Conntrack, NAT and evaluation, on one node with few rules.

mod conntrack;
mod families;
mod ipvs;
mod nodes;
mod policy;
mod spread;
