//! Session affinity: a client address keeps its endpoint for as long as it keeps connecting (S-01, S-02).

use super::connect::Node;
use super::fixture::{CLUSTER_IP, POD, Seen, config, endpoint, http, http_slice, ip, service};
use crate::api::SessionAffinity;
use crate::node::kube_proxy::ProxyMode;
use crate::sim::{Span, Time};
use netfilter::{Protocol, Tuple};

#[test]
fn client_ip_affinity_binds_a_client_until_it_stays_away() {
    let mut web = service("web", CLUSTER_IP, &[http(0)]);
    web.spec.session_affinity = SessionAffinity::ClientIP { timeout_s: 100 };
    let endpoints: Vec<_> = (1..=9).map(|n| endpoint(&format!("10.244.1.{n}"), None)).collect();
    let seen = Seen::default().with(web).slice(http_slice("web", &endpoints));
    for mode in ProxyMode::ALL {
        let cfg = config();
        let mut node = Node::new(&cfg, &seen.rules_of(mode, &cfg));
        let mut connect = |flow: u64, second: u64, client: &str| {
            node.now = Time::ZERO + Span::from_secs(second);
            let (src, src_port) = (ip(client), 1024 + flow as u16);
            let (dst, dst_port) = (ip(CLUSTER_IP), 80);
            node.connect(&Tuple { src, src_port, dst, dst_port, protocol: Protocol::Tcp }, flow).0
        };
        let first = connect(0, 0, POD);
        assert!(
            (1..40).all(|flow| connect(flow, 90 * flow, POD) == first),
            "{mode:?}: each packet renews it"
        );
        let another = |flow: u64| connect(flow, 90 * 39, &format!("10.244.7.{flow}")) != first;
        assert!((40..80).any(another), "{mode:?}: another client may go elsewhere");
        let late = |flow: u64| connect(flow, 90 * 39 + 101 * (flow - 79), POD) != first;
        assert!((80..120).any(late), "{mode:?}: who stays away is forgotten");
    }
}
