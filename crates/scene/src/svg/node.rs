//! Nodes: their names and states, and their rules for the Service that is looked at.

use cluster::api::Uid;

use super::card::{Stand, draw_box, open};
use super::line::{self, Item, lesser, text, whole};
use super::paper::Paper;
use super::{Drawing, rules};
use crate::cards::{ProxyWords, ShownNode, Tone, rules_title};
use crate::facts::NodeState;
use crate::geometry::Rect;
use crate::typeface::{ADDRESS, NOTE, TITLE};
use crate::{Selection, words};

const GAP: f64 = 8.0;
const RADIUS: f64 = 12.0;

pub fn draw(paper: &mut Paper, cx: &Drawing, uid: Uid) {
    let Some(shown) = ShownNode::of(cx.scene, uid) else { return };
    let proxy = ProxyWords::of(cx.world, uid);
    open(paper, &words::node_label(&shown.node, &proxy.words));
    let stand = cx.stand(Selection::Node(uid));
    let ground = stand.ground.filter(|_| !shown.is_off());
    draw_box(paper, shown.place.rect, Stand { ground, ..stand }, RADIUS, shown.is_off());
    draw_head(paper, cx, &shown);
    rules::draw(paper, cx, &shown, &proxy);
    paper.close();
}

fn draw_head(paper: &mut Paper, cx: &Drawing, shown: &ShownNode) {
    let stand = cx.stand(Selection::Node(shown.node.uid));
    let rect = shown.place.rect;
    let head = Rect { x: rect.x + 22.0, y: rect.y, w: rect.w - 33.0, h: shown.place.header };
    let tone = match shown.node.state {
        NodeState::Ready | NodeState::Starting => Tone::Warn,
        NodeState::NotReady | NodeState::OffUnnoticed | NodeState::Off => Tone::Bad,
    };
    let address = shown.address();
    let address = lesser(&address, ADDRESS, cx.palette.ink2);
    let mut items = vec![text(&shown.node.name, TITLE, stand.ink)];
    items.extend(words::node_state(&shown.node).map(|state| cx.state(state.into(), tone, stand)));
    items.extend(shown.taints().map(|taints| cx.chip(taints)));
    if !shown.has_address() {
        line::draw(paper, head, GAP, items);
    } else if shown.is_narrow() {
        let top = head.y + (head.h - 33.0) / 2.0;
        line::draw(paper, Rect { y: top, h: 18.0, ..head }, GAP, items);
        line::draw(paper, Rect { y: top + 18.0, h: 15.0, ..head }, GAP, vec![address]);
    } else {
        items.extend([Item::Spring, address]);
        line::draw(paper, head, GAP, items);
    }
}

/// The title of a node's rules, and how its kube-proxy is doing.
pub fn draw_rules_title(paper: &mut Paper, cx: &Drawing, shown: &ShownNode, proxy: &ProxyWords, row: Rect) {
    let title = rules_title(cx.scene, shown.is_narrow());
    let age = proxy.beside_title(shown.is_narrow(), cx.scene.layout.has_rule_rows);
    let age = match proxy.is_behind {
        true => whole(age, NOTE.bold(), cx.palette.bad),
        false => whole(age, NOTE, cx.palette.ink2),
    };
    line::draw(paper, row, GAP, vec![text(&title, NOTE, cx.palette.ink2), Item::Spring, age]);
}
