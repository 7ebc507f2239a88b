//! A client of one's own: from where, to what, how often.

use crate::components::{Complaint, Form, RateSlider, Select, Submit, TextField};
use crate::session::{Selection, Session};
use crate::ui::Ui;
use cluster::api::{Action, ClientFrom, ClientSpec, Kind, Name, NsName, ObjectRef};
use cluster::sim::{Refusal, World};
use leptos::prelude::*;
use netfilter::Protocol;

const OUTSIDE: &str = "outside";

#[component]
pub fn AddClient() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let from = RwSignal::new(OUTSIDE.to_string());
    let to = RwSignal::new(session.with_world(first_target));
    let sends = RwSignal::new(Sends::Tcp.name().to_string());
    let rate = RwSignal::new(1_000u32);
    let refused = RwSignal::new(None::<Refused>);
    let add = move || {
        let spec = session.with_world(|world| {
            let sends = Sends::named(&sends.get_untracked());
            client(world, &from.get_untracked(), &to.get_untracked(), sends, rate.get_untracked())
        });
        let name = spec.name.clone();
        if let Err(refusals) = session.try_act(Action::AddClient { client: spec }) {
            refused.set(refusals.first().map(Refused::by));
            return;
        }
        ui.close();
        let id = session.with_world(|world| world.traffic().client_named(&name).map(|c| c.id));
        session.select(id.map(Selection::Client));
    };
    let changed = move |field: RwSignal<String>, value| {
        field.set(value);
        refused.set(None);
    };
    let complaint = move |about: About| {
        let why = move || refused.get().filter(|refused| refused.about == about).map(|refused| refused.why);
        view! { <Complaint id=about.id() words=why/> }
    };
    let is_wrong = move || refused.with(|r| r.as_ref().is_some_and(|r| r.about == About::To));
    view! {
        <div class="pk-dialog-body">
            <Form name="Client" on_submit=add>
                <div class="pk-field">
                    <span>"From"</span>
                    <Select
                        name="From"
                        options=session.with_world(places)
                        chosen=from
                        on_choose=move |value| changed(from, value)
                    />
                </div>
                {complaint(About::From)}
                <div class="pk-field">
                    <span>"Sends"</span>
                    <Select
                        name="Sends"
                        options=Sends::ALL.map(|sends| (sends.name().into(), sends.words().into())).to_vec()
                        chosen=sends
                        on_choose=move |value| changed(sends, value)
                    />
                </div>
                <TextField
                    label="To: a URL, host:port, or service/namespace/name; a ping without a port"
                    placeholder="http://web"
                    value=to
                    on_input=move |value| changed(to, value)
                    complaint=move || is_wrong().then_some(About::To.id())
                />
                {complaint(About::To)}
                <RateSlider rate on_input=move |milli| rate.set(milli)/>
                <Submit disabled=move || to.with(|to| to.trim().is_empty())>"Add"</Submit>
                {complaint(About::Client)}
            </Form>
        </div>
    }
}

/// What the client sends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sends {
    Tcp,
    Udp,
    OneWay,
    Sctp,
    Ping,
}

impl Sends {
    const ALL: [Sends; 5] = [Sends::Tcp, Sends::Udp, Sends::OneWay, Sends::Sctp, Sends::Ping];

    fn named(name: &str) -> Sends {
        Sends::ALL.into_iter().find(|sends| sends.name() == name).unwrap_or(Sends::Tcp)
    }

    fn name(self) -> &'static str {
        match self {
            Sends::Tcp => "tcp",
            Sends::Udp => "udp",
            Sends::OneWay => "one-way",
            Sends::Sctp => "sctp",
            Sends::Ping => "ping",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Sends::Tcp => "requests over TCP",
            Sends::Udp => "requests over UDP",
            Sends::OneWay => "UDP datagrams, one way",
            Sends::Sctp => "requests over SCTP",
            Sends::Ping => "pings",
        }
    }

    fn protocol(self) -> Protocol {
        match self {
            Sends::Tcp => Protocol::Tcp,
            Sends::Udp | Sends::OneWay => Protocol::Udp,
            Sends::Sctp => Protocol::Sctp,
            Sends::Ping => Protocol::Icmp,
        }
    }
}

/// What of the form a refusal is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    From,
    To,
    Client,
}

impl About {
    fn id(self) -> &'static str {
        match self {
            About::From => "pk-client-from",
            About::To => "pk-client-to",
            About::Client => "pk-client",
        }
    }
}

#[derive(Clone)]
struct Refused {
    about: About,
    why: String,
}

impl Refused {
    fn by(refusal: &Refusal) -> Refused {
        let about = match refusal {
            Refusal::NotFound { .. } => About::From,
            Refusal::BadTarget { .. } => About::To,
            Refusal::Invalid { .. }
            | Refusal::TooManyClients { .. }
            | Refusal::ClientExists { .. }
            | Refusal::TooManyActions { .. }
            | Refusal::TooMuchText { .. }
            | Refusal::ClusterIpsExhausted { .. }
            | Refusal::NodePortsExhausted
            | Refusal::LoadBalancersExhausted
            | Refusal::NoCloud
            | Refusal::AlreadyExists { .. }
            | Refusal::ResourceVersionOfNew { .. }
            | Refusal::Conflict { .. }
            | Refusal::PatchFailed { .. }
            | Refusal::NotEditable { .. }
            | Refusal::NodeExists { .. }
            | Refusal::TooManyNodes { .. }
            | Refusal::NoNodeAddressLeft { .. }
            | Refusal::NoPodRangeLeft { .. }
            | Refusal::PodRangeNotInCluster { .. }
            | Refusal::PodRangeNotFree { .. }
            | Refusal::NoSuchTaint { .. }
            | Refusal::NamespaceTerminating { .. }
            | Refusal::ImmortalNamespace { .. }
            | Refusal::TooManyObjects { .. }
            | Refusal::TooManyReplicas { .. }
            | Refusal::NoSuchClient { .. }
            | Refusal::ClientNotRunning { .. }
            | Refusal::CannotDrain { .. }
            | Refusal::NodeIsOff { .. }
            | Refusal::NoPriorityClass { .. }
            | Refusal::NoSuchRevision { .. }
            | Refusal::RolloutPaused { .. }
            | Refusal::NoContainerInTemplate { .. }
            | Refusal::ManyBudgets { .. }
            | Refusal::PriorityIsComputed { .. }
            | Refusal::PodNotRunning { .. }
            | Refusal::NoSuchContainer { .. }
            | Refusal::TooManyAssumptions { .. } => About::Client,
        };
        Refused { about, why: crate::text::refusal(refusal) }
    }
}

fn first_target(world: &World) -> String {
    let mut keys = world.store().services.keys();
    let first = keys.find(|key| !world.is_system(&ObjectRef::of_key(Kind::Service, key)));
    first.map_or_else(String::new, |key| format!("service/{key}"))
}

fn places(world: &World) -> Vec<(String, String)> {
    let store = world.store();
    let place =
        |kind: Kind, key: NsName| (format!("{kind}/{key}"), format!("inside, from {kind} {}", key.name));
    let outside = (OUTSIDE.to_string(), "outside the cluster".to_string());
    let is_own = |key: &&NsName| world.is_system(&ObjectRef::of_key(Kind::Deployment, key));
    let deployments = store.deployments.keys().filter(|key| !is_own(key));
    std::iter::once(outside)
        .chain(deployments.map(|key| place(Kind::Deployment, key.clone())))
        .chain(store.pods.iter().filter(|p| p.meta.owner.is_none()).map(|p| place(Kind::Pod, p.meta.key())))
        .collect()
}

fn client(world: &World, from: &str, to: &str, sends: Sends, rate_milli: u32) -> ClientSpec {
    let mut parts = from.splitn(3, '/');
    let from = match (parts.next(), parts.next(), parts.next()) {
        (Some(kind), Some(namespace), Some(name)) => {
            ClientFrom::Workload { namespace: namespace.into(), kind: Kind::named(kind), name: name.into() }
        }
        _ => ClientFrom::Outside { ip: None },
    };
    ClientSpec {
        protocol: sends.protocol(),
        one_way: sends == Sends::OneWay,
        rate_milli,
        ..ClientSpec::new(free_name(world), from, to.trim().into())
    }
}

fn free_name(world: &World) -> Name {
    let free = |name: &String| world.traffic().client_named(name).is_none();
    (1..1_000).map(|n| format!("client-{n}")).find(free).unwrap_or_else(|| "client".into()).as_str().into()
}
