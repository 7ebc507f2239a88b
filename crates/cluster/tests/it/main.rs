//! What holds of whole runs. One binary, as each would be linked anew: a test file is a module here.

mod callers_on_a_node;
mod closing;
mod conntrack_view;
mod corpus;
mod determinism;
mod dns;
mod draining;
mod endpoint_slices;
mod health_checks;
mod history;
mod known_endpoints;
mod kube_proxy_config;
mod lag;
mod left_over;
mod limits;
mod loopback;
mod losses;
mod policies;
mod properties;
mod ranges;
mod retransmission;
mod rules_view;
mod scenarios;
mod service_policy;
mod support;
mod two_families;
