//! Nodes: their names and states, and the titles of their rules.

use cluster::api::Uid;
use cluster::sim::World;

use crate::facts::{NodeFacts, NodeState, proxy_age};
use crate::layout::NodeBox;
use crate::{Scene, words};

/// What the card of a node shows, its rules apart.
#[derive(Clone, PartialEq)]
pub struct ShownNode {
    pub node: NodeFacts,
    pub place: NodeBox,
}

impl ShownNode {
    pub fn of(scene: &Scene, uid: Uid) -> Option<ShownNode> {
        let node = scene.facts.nodes.iter().find(|node| node.uid == uid)?.clone();
        Some(ShownNode { node, place: scene.layout.node(uid)?.clone() })
    }

    pub fn address(&self) -> String {
        let zone = self.node.zone.as_ref().map(|zone| format!(" · zone {zone}")).unwrap_or_default();
        format!("{}{zone}", self.node.ip)
    }

    /// Its name and its address have a line each.
    pub fn is_narrow(&self) -> bool {
        self.place.header > 40.0
    }

    /// Those that have room: a narrow head has two lines, and both are full.
    pub fn taints(&self) -> Option<String> {
        words::taints(&self.node).filter(|_| !self.is_narrow())
    }

    pub fn is_off(&self) -> bool {
        self.node.state != NodeState::Ready
    }
}

/// How a node's kube-proxy is doing.
#[derive(Clone, PartialEq)]
pub struct ProxyWords {
    /// It has not written all that has changed.
    pub is_behind: bool,
    pub words: String,
    pub short: String,
}

impl ProxyWords {
    pub fn of(world: &World, node: Uid) -> ProxyWords {
        match proxy_age(world, node) {
            Some((lag, age)) => ProxyWords {
                is_behind: lag.behind > 0,
                words: words::proxy(&lag, age, false),
                short: words::proxy(&lag, age, true),
            },
            None => {
                ProxyWords { is_behind: false, words: words::NO_POWER.into(), short: words::NO_POWER.into() }
            }
        }
    }
}
