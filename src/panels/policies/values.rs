//! The policies whose values are written.

use super::affinity_timeout;
use crate::components::ValueForm;
use crate::panels::list_field::ListField;
use crate::session::Session;
use crate::text;
use cluster::api::{Action, Service, ServicePolicy, SessionAffinity};
use leptos::prelude::*;
use std::sync::Arc;

/// Sets a policy, or says why not.
fn try_set(session: Session, service: &Service, policy: ServicePolicy) -> Result<(), String> {
    session
        .try_act(Action::SetServicePolicy { service: service.meta.key(), policy })
        .map(drop)
        .map_err(text::refusals)
}

/// How long session affinity binds an idle client.
#[component]
pub fn AffinityTimeout(service: Memo<Arc<Service>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let seconds = move || affinity_timeout(&service.read()).map(|s| s.to_string()).unwrap_or_default();
    let apply = move |written: String| {
        let timeout_s = written.parse().map_err(|_| "A whole number of seconds is asked for.".to_string())?;
        let affinity = SessionAffinity::ClientIP { timeout_s };
        try_set(session, &service.read_untracked(), ServicePolicy::SessionAffinity(affinity))
    };
    view! {
        <ValueForm
            name="timeoutSeconds"
            label="sessionAffinityConfig.clientIP.timeoutSeconds"
            placeholder=SessionAffinity::DEFAULT_TIMEOUT_S.to_string()
            complaint_id="pk-affinity-wrong"
            value=Signal::derive(seconds)
            on_apply=apply
        />
    }
}

#[component]
pub fn SourceRanges(service: Memo<Arc<Service>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let change = move |ranges: Vec<String>| {
        let ranges = ranges.iter().map(|range| range.as_str().into()).collect();
        try_set(session, &service.read_untracked(), ServicePolicy::LoadBalancerSourceRanges(ranges))
    };
    view! {
        <ListField
            name="loadBalancerSourceRanges"
            example="203.0.113.0/24"
            complaint_id="pk-source-ranges-wrong"
            entries=Signal::derive(move || printed(&service.read().spec.load_balancer_source_ranges))
            on_change=change
        />
    }
}

#[component]
pub fn ExternalIps(service: Memo<Arc<Service>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let change = move |addresses: Vec<String>| {
        let addresses = addresses.iter().map(|address| address.as_str().into()).collect();
        try_set(session, &service.read_untracked(), ServicePolicy::ExternalIps(addresses))
    };
    view! {
        <ListField
            name="externalIPs"
            example="192.0.2.10"
            complaint_id="pk-external-ips-wrong"
            entries=Signal::derive(move || printed(&service.read().spec.external_ips))
            on_change=change
        />
    }
}

/// Each once.
fn printed<T: ToString>(entries: &[T]) -> Vec<String> {
    let mut printed = Vec::new();
    for entry in entries.iter().map(T::to_string) {
        if !printed.contains(&entry) {
            printed.push(entry);
        }
    }
    printed
}
