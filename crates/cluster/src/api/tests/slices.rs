//! EndpointSlices: shape, values, defaults.

use super::{check_fine, check_problem, only};
use crate::api::*;

#[test]
fn an_endpoint_slice() {
    let text = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s, labels: {kubernetes.io/service-name: web}}\naddressType: IPv4\nports: [{name: http, port: 80}]\nendpoints:\n- {addresses: [10.0.0.9], conditions: {ready: false}, nodeName: n1, zone: a, hints: {forZones: [{name: a}]}}\n";
    let KubeObject::EndpointSlice(slice) = only(text) else { panic!() };
    assert_eq!(&*slice.service, "web");
    let endpoint = &slice.endpoints[0];
    assert!(!endpoint.ready && endpoint.serving && !endpoint.terminating);
    assert_eq!(endpoint.zone_hints.len(), 1);
    check_problem(&text.replace("addressType: IPv4\n", ""), "addressType: Required value");
    check_problem(
        &text.replace("IPv4", "IPv6"),
        "endpoints[0].addresses: Invalid value: \"10.0.0.9\": must be an IPv6 address",
    );
    check_problem(&text.replace("[10.0.0.9]", "[]"), "addresses: Required value");
}

/// ValidateEndpointIP's words.
#[test]
fn addresses_that_cannot_be_an_endpoint() {
    for (type_, address, expected) in [
        ("IPv4", "0.0.0.0", "may not be unspecified (0.0.0.0)"),
        ("IPv4", "127.0.0.1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        ("IPv4", "169.254.169.254", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        ("IPv4", "224.0.0.5", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
        ("IPv6", "::", "may not be unspecified (::)"),
        ("IPv6", "::1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        ("IPv6", "fe80::7", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        ("IPv6", "ff02::1", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
        // "Allows global multicast IPs, which is probably a bug."
        ("IPv4", "239.1.1.1", ""),
        ("IPv6", "ff0e::1", ""),
    ] {
        let own = if type_ == "IPv4" { "10.0.0.9" } else { "fd00::9" };
        for (list, at) in [(format!("['{address}']"), 0), (format!("['{own}', '{address}']"), 1)] {
            let text = format!(
                "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: s}}\naddressType: {type_}\nports: [{{port: 80}}]\nendpoints:\n- {{addresses: {list}}}\n"
            );
            if expected.is_empty() {
                check_fine(&text);
            } else {
                let at = format!("endpoints[0].addresses[{at}]: Invalid value: \"{address}\": {expected}");
                check_problem(&text, &at);
            }
        }
    }
}
