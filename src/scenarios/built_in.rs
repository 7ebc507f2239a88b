//! The scenarios to begin with.

use super::KEY_PREFIX;

pub struct BuiltIn {
    pub name: &'static str,
    /// The same as in the text.
    pub title: &'static str,
    pub text: &'static str,
    pub hints: Hints,
}

/// What to look at in a scenario, and what to do.
pub struct Hints {
    pub watch: &'static [&'static str],
    pub tries: &'static [&'static str],
}

/// The first is what most readers see first.
static ALL: [BuiltIn; 5] = [
    BuiltIn {
        name: "first",
        title: "Why Pods need a Service",
        text: include_str!("../../public/scenarios/first.yaml"),
        hints: Hints {
            watch: &[
                "“by-name” calls the Service web, “by-address” always the same Pod.",
                "Every node has the same rules: kube-proxy writes them from the Service's endpoints.",
            ],
            tries: &[
                "Right-click the Pod at 10.244.1.2 and delete it. Its replacement gets another address: who notices?",
                "Click a packet, or a line under Path, to see which rule sent it where.",
            ],
        },
    },
    BuiltIn {
        name: "doors",
        title: "Three doors: ClusterIP, NodePort, LoadBalancer",
        text: include_str!("../../public/scenarios/doors.yaml"),
        hints: Hints {
            watch: &[
                "Nobody outside can reach a ClusterIP: “wants-inner” never gets an answer.",
                "A node that takes a packet from outside may send it on to a Pod of another node, under its own address.",
            ],
            tries: &[
                "Select the Service inner and switch its type to NodePort, then to LoadBalancer.",
                "Power off a node: the load balancer notices after its health check, a NodePort's caller does not.",
            ],
        },
    },
    BuiltIn {
        name: "readiness",
        title: "Ready, or not",
        text: include_str!("../../public/scenarios/readiness.yaml"),
        hints: Hints {
            watch: &[
                "A Pod whose probe fails still runs, but is in no rule once every node's kube-proxy has heard of it.",
                "The share each Pod gets is in the Service's Endpoints.",
            ],
            tries: &[
                "Right-click a stock Pod: Fail readiness. Watch how long each node goes on sending to it.",
                "Scale stock to 1, then fail its readiness: what do the callers see?",
            ],
        },
    },
    BuiltIn {
        name: "labels",
        title: "Labels decide who belongs",
        text: include_str!("../../public/scenarios/labels.yaml"),
        hints: Hints {
            watch: &[
                "The canary Pod belongs to both Services, because both selectors match its labels.",
                "Half the traffic of neither Service is promised to anyone: each endpoint gets an equal chance.",
            ],
            tries: &[
                "Edit the labels of a web Pod: take app away. Its ReplicaSet lets it go and makes a new one.",
                "Change the selector of web-canary to track=stable and watch its endpoints.",
            ],
        },
    },
    BuiltIn {
        name: "shop",
        title: "A small shop",
        text: include_str!("../../public/scenarios/shop.yaml"),
        hints: Hints {
            watch: &[
                "Who calls whom comes from the Pods' environment variables: no client is written down.",
                "front calls advice:80, and there is no Service of that name: DNS has no answer.",
            ],
            tries: &[
                "Load a Service named advice and watch the calls succeed or be refused.",
                "Delete the only payment Pod: how many of cart's calls are lost, and why?",
            ],
        },
    },
];

pub fn built_in() -> &'static [BuiltIn] {
    &ALL
}

/// The scenario that a key stands for.
pub fn built_in_of(key: &str) -> Option<&'static BuiltIn> {
    let name = key.strip_prefix(KEY_PREFIX)?;
    ALL.iter().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::sim::{Run, Time};

    #[test]
    fn every_one_opens_without_a_finding_and_has_its_title() {
        for scenario in built_in() {
            let manifest = cluster::api::parse(scenario.text);
            assert_eq!(manifest.diagnostics, [], "{}", scenario.name);
            let own = manifest.scenario.expect("a Scenario document");
            assert_eq!(own.title.as_deref(), Some(scenario.title));
            assert_eq!(own.name.as_deref(), Some(scenario.name));
            assert!(scenario.text.len() < 2_500, "{} is not small", scenario.name);
        }
    }

    #[test]
    fn the_first_one_has_the_address_that_its_client_noted() {
        let manifest = cluster::api::parse(built_in()[0].text);
        let (mut run, refusals) = Run::new(&manifest, None);
        assert_eq!(refusals, []);
        run.advance_to(Time(10_000_000_000), u64::MAX);
        let noted: std::net::IpAddr = "10.244.1.2".parse().expect("an address");
        let pod = run.world().store().pods.iter().find(|p| p.status.pod_ip() == Some(noted));
        assert!(pod.is_some_and(|p| p.meta.name.starts_with("web-") && p.status.is_ready()));
    }
}
