//! Where a Service's packets may go: the fields of its spec that say so, each to be changed here.

use crate::parts::*;
use crate::session::Session;
use cluster::api::{Action, Service, ServicePolicy, ServiceType, SessionAffinity, TrafficPolicy};
use std::rc::Rc;

/// Seconds that an idle client stays bound (defaults.go, SetDefaults_Service).
const AFFINITY_TIMEOUT_S: u32 = 10_800;

/// Each under its name, which is too long to stand beside it.
pub fn section(session: Session, service: &Service) -> View {
    if !service.has_virtual_ip() {
        return nothing();
    }
    let rows = rows(session, service).into_iter().map(|(name, choice)| {
        block("pk-lines", vec![span("pk-muted", name), inline("pk-row", vec![choice])])
    });
    let mut kids = vec![heading("Policies")];
    kids.extend(rows);
    block("", kids)
}

fn rows(session: Session, service: &Service) -> Vec<(&'static str, View)> {
    let spec = &service.spec;
    let set = |label, on, policy| one(session, service, label, on, policy);
    let two = |policy: TrafficPolicy, of: fn(TrafficPolicy) -> ServicePolicy| {
        let option = |which: TrafficPolicy| set(which.as_str(), policy == which, of(which));
        vec![option(TrafficPolicy::Cluster), option(TrafficPolicy::Local)]
    };
    let mut rows = Vec::new();
    if spec.type_ != ServiceType::ClusterIP || !spec.external_ips.is_empty() {
        let options = two(spec.external_traffic_policy, ServicePolicy::ExternalTrafficPolicy);
        rows.push(("externalTrafficPolicy", choice("externalTrafficPolicy", options)));
    }
    let options = two(spec.internal_traffic_policy, ServicePolicy::InternalTrafficPolicy);
    rows.push(("internalTrafficPolicy", choice("internalTrafficPolicy", options)));
    let bound = matches!(spec.session_affinity, SessionAffinity::ClientIP { .. });
    let client_ip = SessionAffinity::ClientIP { timeout_s: AFFINITY_TIMEOUT_S };
    let options = vec![
        set("None", !bound, ServicePolicy::SessionAffinity(SessionAffinity::None)),
        set("ClientIP", bound, ServicePolicy::SessionAffinity(client_ip)),
    ];
    rows.push(("sessionAffinity", choice("sessionAffinity", options)));
    let now = spec.traffic_distribution.as_deref();
    let options =
        [("none", None), ("same zone", Some("PreferSameZone")), ("same node", Some("PreferSameNode"))];
    let options = options.into_iter().map(|(label, value)| {
        let policy = ServicePolicy::TrafficDistribution(value.map(Into::into));
        set(label, now == value || now == Some("PreferClose") && value == Some("PreferSameZone"), policy)
    });
    rows.push(("trafficDistribution", choice("trafficDistribution", options.collect())));
    let published = spec.publish_not_ready_addresses;
    let options = vec![
        set("no", !published, ServicePolicy::PublishNotReadyAddresses(false)),
        set("yes", published, ServicePolicy::PublishNotReadyAddresses(true)),
    ];
    rows.push(("publishNotReadyAddresses", choice("publishNotReadyAddresses", options)));
    rows
}

fn one(
    session: Session,
    service: &Service,
    label: &'static str,
    on: bool,
    policy: ServicePolicy,
) -> (&'static str, bool, Act) {
    let key = service.meta.key();
    let act = move || {
        if !on {
            session.act(Action::set_service_policy(key.clone(), policy.clone()));
        }
    };
    (label, on, Rc::new(act) as Act)
}
