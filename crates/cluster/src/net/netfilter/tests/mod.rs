//! Conntrack, NAT and evaluation, on one node with few rules.

mod conntrack;
mod nodes;
mod spread;
