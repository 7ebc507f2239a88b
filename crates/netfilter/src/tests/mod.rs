//! Conntrack, NAT and evaluation, on one router with few rules.

mod conntrack;
mod router;
mod spread;
