//! The policies that have a few values, side by side.

use super::affinity_timeout;
use crate::components::Choice;
use crate::session::Session;
use cluster::api::{Action, Service, ServicePolicy, SessionAffinity, TOPOLOGY_MODE, TrafficPolicy};
use cluster::control::topology_mode_is_auto;
use leptos::prelude::*;
use std::sync::Arc;

/// A policy under its name, which is too long to stand beside it.
#[component]
fn Policy(#[prop(into)] label: Signal<&'static str>, children: Children) -> impl IntoView {
    view! {
        <div class="pk-lines">
            <span class="pk-muted">{label}</span>
            <span class="pk-row">{children()}</span>
        </div>
    }
}

/// A field of the spec with a few values.
#[component]
fn PolicyChoice<T: Copy + PartialEq + Send + Sync + 'static>(
    service: Memo<Arc<Service>>,
    name: &'static str,
    /// Where the name does not say it all.
    #[prop(optional, into)]
    label: Option<Signal<&'static str>>,
    options: Vec<(T, &'static str)>,
    /// What it is now, if that is one of them.
    current: fn(&Service) -> Option<T>,
    policy: fn(T) -> ServicePolicy,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let chosen = Signal::derive(move || current(&service.read()));
    let choose = move |value| {
        if chosen.get_untracked() != Some(value) {
            let service = service.read_untracked().meta.key();
            session.act(Action::SetServicePolicy { service, policy: policy(value) });
        }
    };
    view! {
        <Policy label=label.unwrap_or_else(|| name.into())>
            <Choice name options chosen on_choose=choose/>
        </Policy>
    }
}

fn traffic_policies() -> Vec<(TrafficPolicy, &'static str)> {
    [TrafficPolicy::Cluster, TrafficPolicy::Local].map(|policy| (policy, policy.as_str())).to_vec()
}

#[component]
pub fn ExternalTrafficPolicy(service: Memo<Arc<Service>>) -> impl IntoView {
    view! {
        <PolicyChoice
            service
            name="externalTrafficPolicy"
            options=traffic_policies()
            current=|service| service.spec.external_traffic_policy
            policy=ServicePolicy::ExternalTrafficPolicy
        />
    }
}

#[component]
pub fn InternalTrafficPolicy(service: Memo<Arc<Service>>) -> impl IntoView {
    view! {
        <PolicyChoice
            service
            name="internalTrafficPolicy"
            options=traffic_policies()
            current=|service| Some(service.spec.internal_traffic_policy)
            policy=ServicePolicy::InternalTrafficPolicy
        />
    }
}

/// Not a field of the Service's spec: the cloud's controller says it in its status.
#[component]
pub fn IpMode(service: Memo<Arc<Service>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let is_proxy = Signal::derive(move || service.read().ingress.first().map(|ingress| ingress.proxy));
    let choose = move |proxy| {
        if is_proxy.get_untracked() != Some(proxy) {
            session.act(Action::SetIpMode { proxy });
        }
    };
    view! {
        <Policy label="ipMode, of all load balancers of the cloud">
            <Choice name="ipMode" options=vec![(false, "VIP"), (true, "Proxy")] chosen=is_proxy on_choose=choose/>
        </Policy>
    }
}

#[component]
pub fn Affinity(service: Memo<Arc<Service>>) -> impl IntoView {
    let policy = |is_bound| {
        ServicePolicy::SessionAffinity(match is_bound {
            true => SessionAffinity::default_client_ip(),
            false => SessionAffinity::None,
        })
    };
    view! {
        <PolicyChoice
            service
            name="sessionAffinity"
            options=vec![(false, "None"), (true, "ClientIP")]
            current=|service| Some(affinity_timeout(service).is_some())
            policy
        />
    }
}

/// What the API knows, and what the buttons say.
const DISTRIBUTIONS: [(Option<&str>, &str); 4] = [
    (None, "none"),
    (Some("PreferSameZone"), "same zone"),
    (Some("PreferSameNode"), "same node"),
    (Some("PreferClose"), "PreferClose"),
];

fn distribution(service: &Service) -> Option<Option<&'static str>> {
    let now = service.spec.traffic_distribution.as_deref();
    DISTRIBUTIONS.into_iter().map(|(value, _)| value).find(|value| *value == now)
}

#[component]
pub fn TrafficDistribution(service: Memo<Arc<Service>>) -> impl IntoView {
    let label = move || match distribution(&service.read()) {
        Some(Some("PreferClose")) => "trafficDistribution (PreferClose is PreferSameZone by its old name)",
        _ => "trafficDistribution",
    };
    view! {
        <PolicyChoice
            service
            name="trafficDistribution"
            label=Signal::derive(label)
            options=DISTRIBUTIONS.to_vec()
            current=distribution
            policy=|value| ServicePolicy::TrafficDistribution(value.map(Into::into))
        />
    }
}

#[component]
pub fn TopologyMode(service: Memo<Arc<Service>>) -> impl IntoView {
    let label = move || match topology_mode_is_auto(&service.read()) {
        true => "service.kubernetes.io/topology-mode, an annotation: it overrules trafficDistribution",
        false => "service.kubernetes.io/topology-mode, an annotation",
    };
    view! {
        <PolicyChoice
            service
            name=TOPOLOGY_MODE
            label=Signal::derive(label)
            options=vec![(false, "unset"), (true, "Auto")]
            current=|service| Some(topology_mode_is_auto(service))
            policy=|is_auto| ServicePolicy::TopologyMode(is_auto.then(|| "Auto".into()))
        />
    }
}

#[component]
pub fn PublishNotReadyAddresses(service: Memo<Arc<Service>>) -> impl IntoView {
    view! {
        <PolicyChoice
            service
            name="publishNotReadyAddresses"
            options=vec![(false, "no"), (true, "yes")]
            current=|service| Some(service.spec.publish_not_ready_addresses)
            policy=ServicePolicy::PublishNotReadyAddresses
        />
    }
}
