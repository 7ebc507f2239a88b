//! Outside the cluster: clients and the cloud's load balancers.

use cluster::api::Uid;
use cluster::traffic::ClientId;

use crate::facts::{BalancerFacts, ClientFacts};
use crate::geometry::Rect;
use crate::marks::Mark;
use crate::typeface::{TITLE, Typeface, sans};
use crate::{Scene, words};

/// Of a card, on both sides together.
const PADDING: f64 = 22.0;
/// A Service's mark, and the space after it.
const MARK: f64 = 21.0;
/// What a client calls.
pub const TARGET: Typeface = sans(12.0);

/// What the card of a client shows.
#[derive(Clone, PartialEq)]
pub struct ShownClient {
    pub client: ClientFacts,
    /// Of the Service that it calls.
    pub mark: Option<Mark>,
    pub place: Rect,
}

impl ShownClient {
    pub fn of(scene: &Scene, id: ClientId) -> Option<ShownClient> {
        let client = scene.facts.clients.iter().find(|client| client.id == id)?.clone();
        let mark = client.service.and_then(|service| scene.mark(service)).cloned();
        Some(ShownClient { client, mark, place: scene.layout.client(id)? })
    }

    pub fn name(&self) -> String {
        TITLE.shorten(&words::client_name(&self.client).0, self.place.w - PADDING)
    }

    pub fn calls(&self) -> String {
        let mark = if self.mark.is_some() { MARK } else { 0.0 };
        TARGET.shorten(&words::client_name(&self.client).1, self.place.w - PADDING - mark)
    }
}

/// What the card of a load balancer shows.
#[derive(Clone, PartialEq)]
pub struct ShownBalancer {
    pub balancer: BalancerFacts,
    /// Of its Service.
    pub name: String,
    pub mark: Option<Mark>,
    pub place: Rect,
}

impl ShownBalancer {
    pub fn of(scene: &Scene, service: Uid) -> Option<ShownBalancer> {
        let named = scene.facts.services.iter().find(|other| other.uid == service)?;
        Some(ShownBalancer {
            balancer: scene.facts.balancers.iter().find(|balancer| balancer.service == service)?.clone(),
            name: named.key.name.to_string(),
            mark: scene.mark(service).cloned(),
            place: scene.layout.balancer(service)?,
        })
    }
}
