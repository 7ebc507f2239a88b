//! Where a Service's packets may go: the fields of its spec that say so, each to be changed here.

mod choices;
mod values;

use crate::components::{Fact, Facts};
use choices::{
    Affinity, ExternalTrafficPolicy, InternalTrafficPolicy, IpMode, PublishNotReadyAddresses, TopologyMode,
    TrafficDistribution,
};
use cluster::api::{Service, ServiceType, SessionAffinity};
use leptos::prelude::*;
use std::sync::Arc;
use values::{AffinityTimeout, ExternalIps, SourceRanges};

#[component]
pub fn Policies(service: Memo<Arc<Service>>) -> impl IntoView {
    let is_called_from_outside = move || is_called_from_outside(&service.read());
    let has_load_balancer = move || !service.read().ingress.is_empty();
    let has_health_check = move || service.read().spec.health_check_node_port != 0;
    let is_bound = move || affinity_timeout(&service.read()).is_some();
    view! {
        <Show when=move || service.read().has_virtual_ip()>
            <div class="pk-policies">
                <h3 class="pk-heading">"Policies"</h3>
                <Show when=is_called_from_outside>
                    <ExternalTrafficPolicy service/>
                </Show>
                <Show when=has_load_balancer>
                    <IpMode service/>
                </Show>
                <InternalTrafficPolicy service/>
                <Affinity service/>
                <TrafficDistribution service/>
                <TopologyMode service/>
                <PublishNotReadyAddresses service/>
                <Show when=has_health_check>
                    <HealthCheckNodePort service/>
                </Show>
            </div>
            <Show when=is_bound>
                <AffinityTimeout service/>
            </Show>
            <Show when=move || takes_source_ranges(&service.read())>
                <SourceRanges service/>
            </Show>
            <ExternalIps service/>
        </Show>
    }
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
