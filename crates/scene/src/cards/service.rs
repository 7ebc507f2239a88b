//! Services.

use cluster::api::{ServiceType, Uid};

use super::AssumedPort;
use crate::facts::{ServiceFacts, ServiceForm};
use crate::geometry::Rect;
use crate::layout::CardForm;
use crate::marks::Mark;
use crate::typeface::TITLE;
use crate::{Scene, words};

/// What stands beside its name: the mark, and the card's padding.
const BESIDE_NAME: f64 = 48.0;

/// What the card of a Service shows.
#[derive(Clone, PartialEq)]
pub struct ShownService {
    pub service: ServiceFacts,
    pub mark: Mark,
    pub place: Rect,
    pub form: CardForm,
    /// The nodes show their rules for it.
    pub is_focus: bool,
}

/// The types between which a card switches.
pub const SWITCHED_TYPES: [ServiceType; 3] =
    [ServiceType::ClusterIP, ServiceType::NodePort, ServiceType::LoadBalancer];

impl ShownService {
    pub fn of(scene: &Scene, uid: Uid) -> Option<ShownService> {
        Some(ShownService {
            service: scene.facts.services.iter().find(|service| service.uid == uid)?.clone(),
            mark: scene.mark(uid)?.clone(),
            place: scene.layout.service(uid)?,
            form: scene.layout.card,
            is_focus: scene.focus == Some(uid),
        })
    }

    pub fn name(&self) -> String {
        TITLE.shorten(&self.service.key.name, self.place.w - BESIDE_NAME)
    }

    /// Nobody, or nobody at one of its ports, can be called.
    pub fn is_down(&self) -> bool {
        self.service.missing.iter().any(|missing| missing.serving == 0)
    }

    pub fn label(&self) -> String {
        words::service_label(&self.service, &self.trouble())
    }

    /// Where it lacks endpoints, and why; and what is assumed of its Pods.
    pub fn trouble(&self) -> Vec<String> {
        let missing = self.service.missing.iter().map(::words::no_endpoints);
        missing.chain(self.service.assumed.iter().map(::words::asked_port)).collect()
    }

    /// How many endpoints are ready, or why none is.
    pub fn endpoints(&self, counted: fn(&ServiceFacts) -> String) -> String {
        match self.service.missing.first() {
            Some(missing) => ::words::no_endpoints(missing),
            None => counted(&self.service),
        }
    }

    /// A port that it asks and that its Pods do not declare.
    pub fn assumed(&self) -> Option<AssumedPort> {
        AssumedPort::of(&self.service.assumed)
    }

    /// Where there is little room: its type, or what is wrong with it.
    pub fn small_kind(&self) -> String {
        let empty = self.service.missing.first().map(::words::no_endpoints_short);
        let refused = || self.assumed().filter(|port| !port.is_served).map(|port| port.words);
        empty.or_else(refused).unwrap_or_else(|| words::kind(&self.service).into())
    }

    /// Whether its type is on the card as one of those that it can have.
    pub fn has_types(&self) -> bool {
        self.form.has_types() && self.service.form == ServiceForm::Virtual
    }
}
