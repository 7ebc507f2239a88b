//! Fields of ServiceCIDRs.

use super::service::list;
use super::{at, map, put_or_remove, rfc3339, text};
use crate::api::{ServiceCidr, ServiceCidrReady, Tree};

pub fn overlay(tree: &mut Tree, object: &ServiceCidr) {
    put_or_remove(at(tree, "spec"), "cidrs", list(&object.cidrs));
    let status = object.ready.map(|ready| map([("conditions", Tree::seq(vec![condition(ready)]))]));
    put_or_remove(tree, "status", status);
}

/// servicecidrs_controller.go, sync.
fn condition(ready: ServiceCidrReady) -> Tree {
    let ServiceCidrReady { is_true, since } = ready;
    let (status, reason, message) = match is_true {
        true => ("True", "", "Kubernetes Service CIDR is ready"),
        false => (
            "False",
            "Terminating",
            "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
        ),
    };
    map([
        ("lastTransitionTime", text(&rfc3339::print(since))),
        ("message", text(message)),
        ("reason", text(reason)),
        ("status", text(status)),
        ("type", text("Ready")),
    ])
}
