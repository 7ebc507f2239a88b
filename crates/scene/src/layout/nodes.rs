//! The nodes, with their rules and their Pods.

use cluster::api::Uid;

use super::fit::Plan;
use super::{Form, Measures, Request};
use crate::cards::NAME_LETTER;
use crate::facts::PodFacts;
use crate::geometry::{Point, Rect, point};
use crate::pod_slots::Occupant;

/// How much a Pod's card says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodForm {
    /// State, marks, name, address, labels, calls.
    Full,
    /// State, marks, name, address.
    Plain,
    /// Marks, name, state's sign, address.
    Dense,
    /// Marks, name, state's sign.
    Tiny,
    /// State's sign.
    Dot,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeBox {
    pub uid: Uid,
    pub rect: Rect,
    /// Which row of nodes it is in: which corridor leads to it.
    pub row: usize,
    pub header: f64,
    /// The rules panel.
    pub rules: Rect,
    /// Where packets meet the rules.
    pub port: Point,
    /// Living Pods.
    pub pods: Vec<(Uid, Rect)>,
    /// Ghosts.
    pub ghosts: Vec<(Occupant, Rect)>,
}

impl NodeBox {
    /// Where a Pod is, or its ghost.
    pub fn place_of(&self, pod: Uid) -> Option<Rect> {
        let living = self.pods.iter().find(|(uid, _)| *uid == pod).map(|(_, rect)| *rect);
        living.or_else(|| self.ghosts.iter().find(|(t, _)| t.uid == pod).map(|(_, rect)| *rect))
    }
}

pub(super) struct Placed {
    pub nodes: Vec<NodeBox>,
    pub corridors: Vec<f64>,
    pub waiting: Vec<(Uid, Rect)>,
    pub bottom: f64,
    /// Where the nodes would end if each had one Pod more.
    pub bottom_with_one_more: f64,
}

/// The strip at a node's left side along which packets go up and down.
pub const RAIL: f64 = 10.0;
/// From the rail to the first column of Pods.
pub const RAIL_TO_POD: f64 = INDENT - RAIL;
const INDENT: f64 = 21.0;
const RIGHT: f64 = 10.0;
const POD_GAP: f64 = 8.0;
const RULES_HEAD: f64 = 28.0;
const RULES_FOOT: f64 = 8.0;
pub const RULE_LINE: f64 = 20.0;
const WIDEST: f64 = 420.0;
/// The smallest width for a line of the rules.
const SLIM: f64 = 170.0;
/// And for a node's name alone.
const NAME_ONLY: f64 = 96.0;
const WAITING_TITLE: f64 = 26.0;
/// A node's name and its address have a line each below this width.
pub const NARROW_HEAD: f64 = 236.0;
pub const TWO_LINES: f64 = 50.0;
/// Of a Pod's card, on both sides.
const POD_PADDING: f64 = 8.0;
/// A Service's mark beside the name.
const MARK: f64 = 20.0;
/// Longer names are cut.
const LONG_NAME: usize = 32;
/// The width of a Pod without a node.
const WAITING: f64 = 248.0;
const MANY_WAITING: usize = 12;

impl PodForm {
    /// With so many lines of calls.
    fn height(self, calls: usize) -> f64 {
        match self {
            PodForm::Full => 80.0 + 16.0 * calls as f64,
            PodForm::Plain => 64.0,
            PodForm::Dense => 42.0,
            PodForm::Tiny => 26.0,
            PodForm::Dot => 24.0,
        }
    }

    fn least_width(self) -> f64 {
        match self {
            PodForm::Full => 104.0,
            PodForm::Plain | PodForm::Dense => 96.0,
            PodForm::Tiny => 84.0,
            PodForm::Dot => 24.0,
        }
    }

    /// The width for a name of so many letters, and what stands beside it.
    fn width_for_name(self, letters: usize) -> f64 {
        let name = letters as f64 * NAME_LETTER + 2.0 * POD_PADDING;
        match self {
            PodForm::Full | PodForm::Plain => name,
            PodForm::Dense => name + MARK + 4.0,
            PodForm::Tiny => name + MARK + 14.0,
            PodForm::Dot => 0.0,
        }
    }

    /// The form for so many Pods in the fullest node.
    pub(super) fn for_count(count: usize) -> PodForm {
        match count {
            0..=6 => PodForm::Full,
            7..=12 => PodForm::Plain,
            13..=24 => PodForm::Dense,
            25..=60 => PodForm::Tiny,
            _ => PodForm::Dot,
        }
    }
}

/// Rather two Pods beside each other than one, where all nodes then have room.
pub(super) fn boxes(request: &Request, m: &Measures, area: Rect, plan: &Plan) -> Placed {
    let pod = least_pod(request, plan);
    let two = INDENT + RIGHT + 2.0 * pod + POD_GAP;
    let slim = if plan.detail.has_rows { SLIM } else { NAME_ONLY };
    let one = (INDENT + RIGHT + pod).max(slim).min(two);
    let placed = with_least(request, m, area, plan, two);
    if placed.bottom <= area.h || m.form == Form::Narrow && !plan.detail.is_slim {
        return placed;
    }
    let slimmer = with_least(request, m, area, plan, one);
    if slimmer.bottom < placed.bottom { slimmer } else { placed }
}

/// The smallest width of a Pod's card.
fn least_pod(request: &Request, plan: &Plan) -> f64 {
    let form = plan.detail.pod;
    if !plan.has_whole_names {
        return form.least_width();
    }
    let longest = request.facts.pods.iter().map(|pod| pod.key.name.chars().count()).max().unwrap_or(0);
    form.width_for_name(longest.min(LONG_NAME)).max(form.least_width())
}

/// With nodes that are at least so wide.
fn with_least(request: &Request, m: &Measures, area: Rect, plan: &Plan, least: f64) -> Placed {
    let facts = request.facts;
    let form = plan.detail.pod;
    let count = facts.nodes.len();
    let fitting = (((area.w + m.gap) / (least + m.gap)).floor() as usize).max(1);
    let rows = count.div_ceil(fitting).max(1);
    let columns = count.div_ceil(rows).max(1);
    let widest = if m.form == Form::Wide { WIDEST } else { f64::MAX };
    let w = ((area.w + m.gap) / columns as f64 - m.gap).min(widest);
    let mut placed = Placed {
        nodes: vec![],
        corridors: vec![],
        waiting: vec![],
        bottom: area.y,
        bottom_with_one_more: area.y,
    };
    for (row, nodes) in facts.nodes.chunks(columns).enumerate() {
        let y = placed.bottom + m.corridor;
        placed.corridors.push(y - m.corridor / 2.0);
        for (column, node) in nodes.iter().enumerate() {
            let x = area.x + column as f64 * (w + m.gap);
            let (node, one_more) = node_box(request, plan, node.uid, (point(x, y), w));
            placed.bottom = placed.bottom.max(node.rect.bottom());
            placed.bottom_with_one_more = placed.bottom_with_one_more.max(node.rect.bottom() + one_more);
            placed.nodes.push(NodeBox { row, ..node });
        }
    }
    wait(request, m, area, form, &mut placed);
    placed
}

/// A node of that place and width, and how much higher it would be with one Pod more.
fn node_box(request: &Request, plan: &Plan, uid: Uid, (at, w): (Point, f64)) -> (NodeBox, f64) {
    let header = match (w < NARROW_HEAD && plan.detail.has_rows, plan.detail.is_slim) {
        (true, _) => TWO_LINES,
        (false, false) => 36.0,
        (false, true) => 28.0,
    };
    let rows =
        if plan.detail.has_rows { request.rule_rows.max(1) as f64 * RULE_LINE + RULES_FOOT } else { 0.0 };
    let rules = Rect { x: at.x, y: at.y + header, w, h: RULES_HEAD + rows };
    let slots = request.slots.of(uid);
    let room = w - INDENT - RIGHT;
    let least_pod = least_pod(request, plan);
    let columns = (((room + POD_GAP) / (least_pod + POD_GAP)).floor() as usize).max(1);
    let form = plan.detail.pod;
    let pod_w = match form {
        PodForm::Dot => least_pod,
        PodForm::Full | PodForm::Plain | PodForm::Dense | PodForm::Tiny => {
            (room + POD_GAP) / columns as f64 - POD_GAP
        }
    };
    let top = rules.bottom() + POD_GAP;
    let (mut pods, mut ghosts) = (Vec::new(), Vec::new());
    let mut y = top;
    for row in slots.chunks(columns) {
        let heights = row.iter().map(|slot| form.height(call_lines(request, slot.as_ref())));
        let h = heights.fold(0.0, f64::max);
        for (column, occupant) in row.iter().enumerate().filter_map(|(i, t)| Some((i, t.as_ref()?))) {
            let x = at.x + INDENT + column as f64 * (pod_w + POD_GAP);
            let place = Rect { x, y, w: pod_w, h };
            match occupant.gone {
                None => pods.push((occupant.uid, place)),
                Some(_) => ghosts.push((occupant.clone(), place)),
            }
        }
        y += h + POD_GAP;
    }
    // An empty node keeps the room of one row, so that the first Pod does not move the others.
    let a_row = form.height(0) + POD_GAP;
    let bottom = y.max(top + a_row) + 2.0;
    let one_more = if slots.is_empty() || !slots.len().is_multiple_of(columns) { 0.0 } else { a_row };
    let node = NodeBox {
        uid,
        rect: Rect { x: at.x, y: at.y, w, h: bottom - at.y },
        row: 0,
        header,
        rules,
        port: point(at.x + RAIL, rules.y + RULES_HEAD / 2.0 + 2.0),
        pods,
        ghosts,
    };
    (node, one_more)
}

fn call_lines(request: &Request, occupant: Option<&Occupant>) -> usize {
    let pod = occupant.and_then(|occupant| request.facts.pods.iter().find(|pod| pod.uid == occupant.uid));
    pod.map_or(0, PodFacts::call_lines)
}

/// Pods that are not bound to a node, below the nodes, where they do not move anything else.
fn wait(request: &Request, m: &Measures, area: Rect, form: PodForm, placed: &mut Placed) {
    // The scheduler's reason has the lines of calls, too.
    let height = form.height(1);
    let waiting: Vec<Uid> = request.facts.pods.iter().filter(|p| p.node.is_none()).map(|p| p.uid).collect();
    if waiting.is_empty() {
        return;
    }
    // The scheduler has much to say; many Pods leave it less room.
    let wide = if waiting.len() > MANY_WAITING { form.least_width() + 16.0 } else { WAITING };
    let w = wide.min(area.w);
    let columns = (((area.w + POD_GAP) / (w + POD_GAP)).floor() as usize).max(1);
    let top = placed.bottom + m.gap + WAITING_TITLE;
    for (i, uid) in waiting.into_iter().enumerate() {
        let x = area.x + (i % columns) as f64 * (w + POD_GAP);
        let y = top + (i / columns) as f64 * (height + POD_GAP);
        placed.waiting.push((uid, Rect { x, y, w, h: height }));
        placed.bottom = y + height;
        placed.bottom_with_one_more = placed.bottom_with_one_more.max(placed.bottom);
    }
}
