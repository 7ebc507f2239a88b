//! Nodes: their names and states, and the titles of their rules.

use cluster::api::Uid;
use cluster::sim::World;

use crate::facts::{NodeFacts, NodeState, proxy_age};
use crate::layout::{NARROW_HEAD, NodeBox, TWO_LINES};
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

    /// Its name and its address have a line each, or its name alone has room.
    pub fn is_narrow(&self) -> bool {
        self.place.rect.w < NARROW_HEAD
    }

    /// A low head has one line, and a narrow one has room for the name alone in it.
    pub fn has_address(&self) -> bool {
        !self.is_narrow() || self.place.header >= TWO_LINES
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
    /// What has room beside the title of a node's rules. Without their rows there is little: its age is of interest
    /// while it is behind.
    pub fn beside_title(&self, is_narrow: bool, has_rows: bool) -> &str {
        match (is_narrow, has_rows || self.is_behind) {
            (true, true) => &self.short,
            (true, false) => "",
            (false, _) => &self.words,
        }
    }

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
