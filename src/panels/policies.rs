//! Where a Service's packets may go: the fields of its spec that say so, each to be changed here.

use super::list::List;
use crate::parts::*;
use crate::session::Session;
use crate::text;
use cluster::api::{
    Action, Service, ServicePolicy, ServiceType, SessionAffinity, TOPOLOGY_MODE, TrafficPolicy, Uid,
};
use cluster::control::topology_mode_is_auto;
use cluster::sim::Refusal;
use leptos::prelude::*;
use std::sync::Arc;

type Now = Memo<Option<Arc<Service>>>;

/// What was typed stays when the Service changes, so the fields stand outside of what is shown again.
pub fn section(session: Session, uid: Uid) -> AnyView {
    let service = Memo::new(move |_| {
        session.scene_rev();
        let found = session.with_world(|world| world.store().service_by_uid(uid).cloned());
        found.filter(|service| service.has_virtual_ip())
    });
    let choices = live(move || service.get().map_or_else(nothing, |service| choices(session, &service)));
    let timeout = Timeout { session, typed: RwSignal::new(None), refused: RwSignal::new(None) };
    let timeout_field = live(move || service.get().map_or_else(nothing, |service| timeout.show(&service)));
    let too_long = complaint(TIMEOUT_WRONG, move || timeout.refused.get());
    block(
        "",
        vec![
            choices,
            timeout_field,
            too_long,
            source_ranges(session, service).view(),
            external_ips(session, service).view(),
        ],
    )
}

/// Each under its name, which is too long to stand beside it.
fn choices(session: Session, service: &Service) -> AnyView {
    let rows = rows(session, service).into_iter().map(|(name, choice)| {
        block("pk-lines", vec![span("pk-muted", name), inline("pk-row", vec![choice])])
    });
    let mut kids = vec![heading("Policies")];
    kids.extend(rows);
    kids.extend(set_by_others(service).map(facts));
    block("pk-policies", kids)
}

/// What the API server has set, and nobody sets by hand.
fn set_by_others(service: &Service) -> Option<Vec<(&'static str, AnyView)>> {
    let mut rows = Vec::new();
    if service.spec.health_check_node_port != 0 {
        let port = service.spec.health_check_node_port.to_string();
        rows.push(("healthCheckNodePort", code(port)));
    }
    (!rows.is_empty()).then_some(rows)
}

/// Sets a policy, or says why not.
fn set(session: Session, service: Option<Arc<Service>>, policy: ServicePolicy) -> Result<(), String> {
    let Some(service) = service else { return Err("This Service is gone.".into()) };
    let refused = |refusals: Vec<Refusal>| refusals.iter().map(text::refusal).collect::<Vec<_>>().join(" ");
    session.try_act(Action::SetServicePolicy { service: service.meta.key(), policy }).map_err(refused)
}

fn source_ranges(session: Session, service: Now) -> List {
    List {
        name: "loadBalancerSourceRanges",
        example: "203.0.113.0/24",
        wrong: "pk-source-ranges-wrong",
        current: Signal::derive(move || {
            let service = service.get()?;
            let ranges = &service.spec.load_balancer_source_ranges;
            let used = service.spec.type_ == ServiceType::LoadBalancer || !ranges.is_empty();
            used.then(|| ranges.iter().map(ToString::to_string).collect())
        }),
        apply: Callback::new(move |list: Vec<String>| {
            let list = list.iter().map(|entry| entry.as_str().into()).collect();
            set(session, service.get_untracked(), ServicePolicy::LoadBalancerSourceRanges(list))
        }),
    }
}

fn external_ips(session: Session, service: Now) -> List {
    List {
        name: "externalIPs",
        example: "192.0.2.10",
        wrong: "pk-external-ips-wrong",
        current: Signal::derive(move || {
            Some(service.get()?.spec.external_ips.iter().map(ToString::to_string).collect())
        }),
        apply: Callback::new(move |list: Vec<String>| {
            let list = list.iter().map(|entry| entry.as_str().into()).collect();
            set(session, service.get_untracked(), ServicePolicy::ExternalIps(list))
        }),
    }
}

const TIMEOUT_WRONG: &str = "pk-affinity-wrong";

/// How long session affinity binds an idle client.
#[derive(Clone, Copy)]
struct Timeout {
    session: Session,
    /// Until it is applied.
    typed: RwSignal<Option<String>>,
    refused: RwSignal<Option<String>>,
}

impl Timeout {
    fn show(self, service: &Arc<Service>) -> AnyView {
        let SessionAffinity::ClientIP { timeout_s } = service.spec.session_affinity else {
            return nothing();
        };
        let (typed, refused) = (self.typed, self.refused);
        let take = move |value| {
            typed.set(Some(value));
            refused.set(None);
        };
        let now = timeout_s.to_string();
        let written = typed.get().unwrap_or_else(|| now.clone());
        let same = written == now;
        let field = Field {
            label: "sessionAffinityConfig.clientIP.timeoutSeconds",
            value: written,
            placeholder: "10800",
            take: Callback::new(take),
        };
        let field = field.view_with(refused.with(Option::is_some).then_some(TIMEOUT_WRONG));
        let service = Arc::clone(service);
        let apply = move || self.apply(&service);
        form("timeoutSeconds", vec![field, submit("Apply", same)], apply)
    }

    fn apply(&self, service: &Arc<Service>) {
        let Some(written) = self.typed.get_untracked() else { return };
        let result = match written.trim().parse() {
            Ok(timeout_s) => {
                let policy = ServicePolicy::SessionAffinity(SessionAffinity::ClientIP { timeout_s });
                set(self.session, Some(Arc::clone(service)), policy)
            }
            Err(_) => Err("A whole number of seconds is asked for.".to_string()),
        };
        if result.is_ok() {
            self.typed.set(None);
        }
        self.refused.set(result.err());
    }
}

fn rows(session: Session, service: &Service) -> Vec<(&'static str, AnyView)> {
    let spec = &service.spec;
    let set = |label: &'static str, on: bool, policy: ServicePolicy| one(session, service, label, on, policy);
    let two = |policy: TrafficPolicy, of: fn(TrafficPolicy) -> ServicePolicy| {
        let option = |which: TrafficPolicy| set(which.as_str(), policy == which, of(which));
        vec![option(TrafficPolicy::Cluster), option(TrafficPolicy::Local)]
    };
    let mut rows = Vec::new();
    if spec.type_ != ServiceType::ClusterIP || !spec.external_ips.is_empty() {
        let options = two(spec.external_traffic_policy, ServicePolicy::ExternalTrafficPolicy);
        rows.push(("externalTrafficPolicy", choice("externalTrafficPolicy", options)));
    }
    if let Some(ingress) = service.ingress.first() {
        rows.push(("ipMode, of all load balancers of the cloud", ip_mode(session, ingress.proxy)));
    }
    let options = two(spec.internal_traffic_policy, ServicePolicy::InternalTrafficPolicy);
    rows.push(("internalTrafficPolicy", choice("internalTrafficPolicy", options)));
    let bound = matches!(spec.session_affinity, SessionAffinity::ClientIP { .. });
    let client_ip = SessionAffinity::default_client_ip();
    let options = vec![
        set("None", !bound, ServicePolicy::SessionAffinity(SessionAffinity::None)),
        set("ClientIP", bound, ServicePolicy::SessionAffinity(client_ip)),
    ];
    rows.push(("sessionAffinity", choice("sessionAffinity", options)));
    let now = spec.traffic_distribution.as_deref();
    let options = DISTRIBUTIONS.into_iter().map(|(label, value)| {
        set(label, now == value, ServicePolicy::TrafficDistribution(value.map(Into::into)))
    });
    let name = match now {
        Some("PreferClose") => "trafficDistribution (PreferClose is PreferSameZone by its old name)",
        _ => "trafficDistribution",
    };
    rows.push((name, choice("trafficDistribution", options.collect())));
    let auto = topology_mode_is_auto(service);
    let options = vec![
        set("unset", !auto, ServicePolicy::TopologyMode(None)),
        set("Auto", auto, ServicePolicy::TopologyMode(Some("Auto".into()))),
    ];
    let name = match auto {
        true => "service.kubernetes.io/topology-mode, an annotation: it overrules trafficDistribution",
        false => "service.kubernetes.io/topology-mode, an annotation",
    };
    rows.push((name, choice(TOPOLOGY_MODE, options)));
    let published = spec.publish_not_ready_addresses;
    let options = vec![
        set("no", !published, ServicePolicy::PublishNotReadyAddresses(false)),
        set("yes", published, ServicePolicy::PublishNotReadyAddresses(true)),
    ];
    rows.push(("publishNotReadyAddresses", choice("publishNotReadyAddresses", options)));
    rows
}

/// As the buttons say them, and as the API does.
const DISTRIBUTIONS: [(&str, Option<&str>); 4] = [
    ("none", None),
    ("same zone", Some("PreferSameZone")),
    ("same node", Some("PreferSameNode")),
    ("PreferClose", Some("PreferClose")),
];

/// Not a field of the Service's spec: the cloud's controller says it in its status.
fn ip_mode(session: Session, now: bool) -> AnyView {
    let option = |label, proxy: bool| {
        let act = move || {
            if proxy != now {
                session.act(Action::SetIpMode { proxy });
            }
        };
        (label, proxy == now, Act::new(move |()| act()))
    };
    choice("ipMode", vec![option("VIP", false), option("Proxy", true)])
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
            session.act(Action::SetServicePolicy { service: key.clone(), policy: policy.clone() });
        }
    };
    (label, on, Act::new(move |()| act()))
}
