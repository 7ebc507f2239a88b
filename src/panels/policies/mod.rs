//! Where a Service's packets may go: the fields of its spec that say so, each to be changed here.

mod choices;
mod values;

use crate::components::{Fact, Facts};
use crate::session::Session;
use choices::{
    Affinity, ExternalTrafficPolicy, InternalTrafficPolicy, IpMode, PublishNotReadyAddresses, TopologyMode,
    TrafficDistribution,
};
use cluster::api::{PolicyField, Service, ServiceType, SessionAffinity};
use leptos::prelude::*;
use std::sync::Arc;
use values::{AffinityTimeout, ExternalIps, SourceRanges};

#[component]
pub fn Policies(service: Memo<Arc<Service>>) -> impl IntoView {
    let has_health_check = move || service.read().spec.health_check_node_port != 0;
    let is_bound = move || affinity_timeout(&service.read()).is_some();
    view! {
        <Show when=move || service.read().has_virtual_ip()>
            <div class="pk-policies">
                <h3 class="pk-heading">"Policies"</h3>
                {controls(service, false)}
                <Show when=has_health_check>
                    <HealthCheckNodePort service/>
                </Show>
            </div>
            <Show when=is_bound>
                <AffinityTimeout service/>
            </Show>
            {controls(service, true)}
        </Show>
    }
}

/// The controls of all policies that are lists, or that are not: those have a few values, side by side.
fn controls(service: Memo<Arc<Service>>, lists: bool) -> impl IntoView {
    let wanted = PolicyField::ALL.iter().filter(|field| is_list(**field) == lists);
    wanted.map(|field| control(*field, service)).collect_view()
}

fn is_list(field: PolicyField) -> bool {
    match field {
        PolicyField::LoadBalancerSourceRanges | PolicyField::ExternalIps => true,
        PolicyField::ExternalTrafficPolicy
        | PolicyField::InternalTrafficPolicy
        | PolicyField::SessionAffinity
        | PolicyField::TrafficDistribution
        | PolicyField::TopologyMode
        | PolicyField::PublishNotReadyAddresses => false,
    }
}

/// No default arm: a policy that is added gets its control here.
fn control(field: PolicyField, service: Memo<Arc<Service>>) -> AnyView {
    match field {
        PolicyField::ExternalTrafficPolicy => external_traffic_policy(service),
        PolicyField::InternalTrafficPolicy => view! { <InternalTrafficPolicy service/> }.into_any(),
        PolicyField::SessionAffinity => view! { <Affinity service/> }.into_any(),
        PolicyField::TrafficDistribution => view! { <TrafficDistribution service/> }.into_any(),
        PolicyField::TopologyMode => view! { <TopologyMode service/> }.into_any(),
        PolicyField::PublishNotReadyAddresses => view! { <PublishNotReadyAddresses service/> }.into_any(),
        PolicyField::LoadBalancerSourceRanges => view! {
            <Show when=move || takes_source_ranges(&service.read())>
                <SourceRanges service/>
            </Show>
        }
        .into_any(),
        PolicyField::ExternalIps => view! { <ExternalIps service/> }.into_any(),
    }
}

fn external_traffic_policy(service: Memo<Arc<Service>>) -> AnyView {
    let session = expect_context::<Session>();
    let has_balancers = session.watch_scene(|world| world.config().cloud.makes_balancers());
    view! {
        <Show when=move || is_called_from_outside(&service.read())>
            <ExternalTrafficPolicy service/>
        </Show>
        <Show when=move || has_balancers.get() && !service.read().ingress.is_empty()>
            <IpMode service/>
        </Show>
    }
    .into_any()
}

fn is_called_from_outside(service: &Service) -> bool {
    service.spec.type_ != ServiceType::ClusterIP || !service.spec.external_ips.is_empty()
}

fn takes_source_ranges(service: &Service) -> bool {
    let ranges = &service.spec.load_balancer_source_ranges;
    service.spec.type_ == ServiceType::LoadBalancer || !ranges.is_empty()
}

fn affinity_timeout(service: &Service) -> Option<u32> {
    match service.spec.session_affinity {
        SessionAffinity::None => None,
        SessionAffinity::ClientIP { timeout_s } => Some(timeout_s),
    }
}

/// A value that the API server sets and that users do not change.
#[component]
fn HealthCheckNodePort(service: Memo<Arc<Service>>) -> impl IntoView {
    view! {
        <Facts>
            <Fact name="healthCheckNodePort">
                <code class="pk-mono">{move || service.read().spec.health_check_node_port}</code>
            </Fact>
        </Facts>
    }
}
