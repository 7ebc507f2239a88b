//! Services and their endpoints.

use std::net::{IpAddr, SocketAddr};

use cluster::api::Tree;

use super::{Printer, around_age, labels};
use crate::get::object::{Document, Object, join, or_none, scalar};
use crate::table::{always, wide};

pub const SERVICE: Printer = Printer {
    columns: &[
        always("NAME"),
        always("TYPE"),
        always("CLUSTER-IP"),
        always("EXTERNAL-IP"),
        always("PORT(S)"),
        always("AGE"),
        wide("SELECTOR"),
    ],
    cells: service,
};

fn service(service: &Object) -> Vec<String> {
    let tree = &service.tree;
    let cluster_ip = tree.list("spec.clusterIPs").first().map_or(String::new(), scalar);
    let ports = join(tree.list("spec.ports").iter().map(port));
    let before = [tree.text("spec.type"), or_none(cluster_ip), external_ip(tree), or_none(ports)];
    around_age(service, before, [labels(tree.at("spec.selector"))])
}

/// `80:30080/TCP`
fn port(port: &Tree) -> String {
    match port.number("nodePort") {
        0 => format!("{}/{}", port.text("port"), port.text("protocol")),
        node_port => format!("{}:{node_port}/{}", port.text("port"), port.text("protocol")),
    }
}

/// getServiceExternalIP. The API server makes every table as for `-o wide`, so it cuts nothing off.
fn external_ip(tree: &Tree) -> String {
    let external_ips = tree.list("spec.externalIPs").iter().map(scalar);
    match &*tree.text("spec.type") {
        "ExternalName" => tree.text("spec.externalName"),
        "LoadBalancer" => {
            let all = join(balancer_addresses(tree).into_iter().chain(external_ips));
            if all.is_empty() { "<pending>".into() } else { all }
        }
        _ => or_none(join(external_ips)),
    }
}

/// loadBalancerStatusStringer: each once, in order.
pub fn balancer_addresses(tree: &Tree) -> Vec<String> {
    let ingress = tree.list("status.loadBalancer.ingress").iter();
    let address = |ingress: &Tree| match ingress.text("ip") {
        ip if ip.is_empty() => ingress.text("hostname"),
        ip => ip,
    };
    let mut addresses: Vec<String> = ingress.map(address).filter(|address| !address.is_empty()).collect();
    addresses.sort();
    addresses.dedup();
    addresses
}

pub const ENDPOINTS: Printer =
    Printer { columns: &[always("NAME"), always("ENDPOINTS"), always("AGE")], cells: endpoints };

/// formatEndpoints: ready addresses, port by port.
fn endpoints(endpoints: &Object) -> Vec<String> {
    let subsets = endpoints.tree.list("subsets");
    let of_subset = |subset: &Tree| -> Vec<String> {
        let ips: Vec<String> = subset.list("addresses").iter().map(|address| address.text("ip")).collect();
        match subset.list("ports") {
            [] => ips,
            ports => {
                ports.iter().flat_map(|port| ips.iter().map(|ip| host_port(ip, &port.text("port")))).collect()
            }
        }
    };
    let all: Vec<String> = subsets.iter().flat_map(of_subset).collect();
    let shown = if subsets.is_empty() { or_none(String::new()) } else { first_three(&all) };
    around_age(endpoints, [shown], [])
}

fn host_port(ip: &str, port: &str) -> String {
    match (ip.parse::<IpAddr>(), port.parse()) {
        (Ok(ip), Ok(port)) => SocketAddr::new(ip, port).to_string(),
        (Ok(_), Err(_)) | (Err(_), _) => format!("{ip}:{port}"),
    }
}

/// Three, and how many more there are.
fn first_three(all: &[String]) -> String {
    const MOST: usize = 3;
    match all.len().checked_sub(MOST) {
        None | Some(0) => all.join(","),
        Some(more) => format!("{} + {more} more...", all[..MOST].join(",")),
    }
}

pub const ENDPOINT_SLICE: Printer = Printer {
    columns: &[always("NAME"), always("ADDRESSTYPE"), always("PORTS"), always("ENDPOINTS"), always("AGE")],
    cells: endpoint_slice,
};

/// formatDiscoveryPorts, formatDiscoveryEndpoints.
fn endpoint_slice(slice: &Object) -> Vec<String> {
    let tree = &slice.tree;
    let port = |port: &Tree| match (port.text("port"), port.text("name")) {
        (number, _) if !number.is_empty() => number,
        (_, name) if port.at("name").is_some() => name,
        _ => "*".into(),
    };
    let ports: Vec<String> = tree.list("ports").iter().map(port).collect();
    let addresses = tree.list("endpoints").iter().flat_map(|endpoint| endpoint.list("addresses"));
    let addresses: Vec<String> = addresses.map(scalar).collect();
    let or_unset = |text: String| if text.is_empty() { "<unset>".into() } else { text };
    let lists = [first_three(&ports), first_three(&addresses)].map(or_unset);
    let [ports, addresses] = lists;
    around_age(slice, [tree.text("addressType"), ports, addresses], [])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_are_shown_and_the_others_counted() {
        let list = |count: usize| (1..=count).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(first_three(&list(3)), "1,2,3");
        assert_eq!(first_three(&list(5)), "1,2,3 + 2 more...");
        assert_eq!(first_three(&[]), "");
    }

    #[test]
    fn addresses_of_ipv6_are_in_brackets() {
        assert_eq!(host_port("fd00::1", "80"), "[fd00::1]:80");
        assert_eq!(host_port("10.0.0.1", "80"), "10.0.0.1:80");
    }
}
