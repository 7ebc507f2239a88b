//! A client of one's own: from where, to what, how often.

use super::Ui;
use crate::parts::*;
use crate::session::{Selection, Session};
use cluster::api::{Action, ClientFrom, ClientSpec, Name, Str};
use cluster::net::Protocol;
use cluster::sim::{Refusal, World};
use leptos::prelude::*;

const OUTSIDE: &str = "outside";

pub fn body(session: Session, ui: Ui) -> AnyView {
    let from = RwSignal::new(OUTSIDE.to_string());
    let to = RwSignal::new(session.with_world(first_target));
    let rate = RwSignal::new(1_000u32);
    let refused = RwSignal::new(None::<Refused>);
    let add = move || {
        let spec = session.with_world(|world| {
            client(world, &from.get_untracked(), &to.get_untracked(), rate.get_untracked())
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
    let complaint = move |about: About| {
        complaint(about.id(), move || refused.get().filter(|r| r.about == about).map(|r| r.why))
    };
    let places = session.with_world(places);
    let fields = vec![
        live(move || {
            let take = move |value| {
                from.set(value);
                refused.set(None);
            };
            block(
                "pk-field",
                vec![span("", "From"), select("From", places.clone(), &from.get(), Callback::new(take))],
            )
        }),
        complaint(About::From),
        live(move || {
            let take = move |value| {
                to.set(value);
                refused.set(None);
            };
            let wrong = refused.with(|r| r.as_ref().is_some_and(|r| r.about == About::To));
            Field {
                label: "To: a URL, host:port, or service/namespace/name",
                value: to.get(),
                placeholder: "http://web",
                take: Callback::new(take),
            }
            .view_with(wrong.then_some(About::To.id()))
        }),
        complaint(About::To),
        live(move || rate_slider(rate.get(), Callback::new(move |milli| rate.set(milli)))),
        live(move || submit("Add", to.with(|t| t.trim().is_empty()))),
        complaint(About::Client),
    ];
    block("pk-dialog-body", vec![form("Client", fields, add)])
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
            _ => About::Client,
        };
        Refused { about, why: crate::text::refusal(refusal) }
    }
}

/// A slider from no request at all to 20 a second; low rates get most of its length.
pub fn rate_slider(milli: u32, take: Callback<u32>) -> AnyView {
    let said = format!("{} per second", crate::text::rate(milli));
    block(
        "pk-field",
        vec![
            span("", format!("Rate: {said}")),
            Slider {
                name: "Rate",
                most: RATES.len() as u32 - 1,
                value: RATES.iter().rposition(|r| *r <= milli).unwrap_or(0) as u32,
                said,
                take: Callback::new(move |at| take.run(RATES[(at as usize).min(RATES.len() - 1)])),
            }
            .view(),
        ],
    )
}

/// Thousandths of a request per second.
const RATES: [u32; 11] = [0, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];

fn first_target(world: &World) -> String {
    world.store().services.iter().next().map_or_else(String::new, |s| format!("service/{}", s.meta.key()))
}

fn places(world: &World) -> Vec<(String, String)> {
    let store = world.store();
    let place = |kind: &str, key: cluster::api::NsName| {
        (format!("{kind}/{key}"), format!("inside, from {kind} {}", key.name))
    };
    let outside = (OUTSIDE.to_string(), "outside the cluster".to_string());
    std::iter::once(outside)
        .chain(store.deployments.iter().map(|d| place("Deployment", d.meta.key())))
        .chain(store.pods.iter().filter(|p| p.meta.owner.is_none()).map(|p| place("Pod", p.meta.key())))
        .collect()
}

fn client(world: &World, from: &str, to: &str, rate_milli: u32) -> ClientSpec {
    let mut parts = from.splitn(3, '/');
    let from = match (parts.next(), parts.next(), parts.next()) {
        (Some(kind), Some(namespace), Some(name)) => {
            ClientFrom::Workload { namespace: namespace.into(), kind: kind.into(), name: name.into() }
        }
        _ => ClientFrom::Outside { ip: None },
    };
    let to: Str = to.trim().into();
    ClientSpec {
        name: free_name(world),
        from,
        to,
        protocol: Protocol::Tcp,
        rate_milli,
        keep_alive: false,
        timeout: None,
    }
}

fn free_name(world: &World) -> Name {
    let free = |name: &String| world.traffic().client_named(name).is_none();
    (1..1_000).map(|n| format!("client-{n}")).find(free).unwrap_or_else(|| "client".into()).as_str().into()
}
