//! Where every box is: a pure function of what there is and of the room for it.
//!
//! Wide: lanes from left to right, outside, then the cluster with its Services above its nodes.
//! Narrow: outside on top, then the Services, then the nodes one below the other. All nodes share one network: a
//! corridor above each row of nodes, and a trunk that joins the corridors with each other and with the outside.

mod fit;
mod nodes;
mod outside;
mod services;
#[cfg(test)]
mod tests;
mod titles;

use cluster::api::Uid;
use cluster::traffic::ClientId;

use super::facts::Facts;
use super::geometry::Rect;
use super::pod_slots::PodSlots;
use fit::{Arranged, Plan};

pub use nodes::{NARROW_HEAD, NodeBox, PodForm, RAIL_TO_POD, RULE_LINE, TWO_LINES};
pub use outside::OutsideForm;
pub use services::CardForm;

/// What the layout is made for. Equal requests give equal layouts.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub facts: &'a Facts,
    pub slots: &'a PodSlots,
    /// Lines of each node's rules panel.
    pub rule_rows: usize,
    pub width: f64,
    pub height: f64,
    /// The scale of the layout before, while something comes or goes: nothing grows meanwhile.
    pub most_scale: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Wide,
    Narrow,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub form: Form,
    /// The view that it was made for, in CSS pixels.
    pub view: (f64, f64),
    /// So many CSS pixels does one of the picture have when the camera follows the layout.
    pub scale: f64,
    pub width: f64,
    pub height: f64,
    pub cluster: Rect,
    pub clients: Vec<(ClientId, Rect)>,
    pub balancers: Vec<(Uid, Rect)>,
    pub card: CardForm,
    pub services: Vec<(Uid, Rect)>,
    pub nodes: Vec<NodeBox>,
    /// Whether the nodes show their rules' rows, and not only the title.
    pub has_rule_rows: bool,
    pub outside: OutsideForm,
    pub pod: PodForm,
    /// Pods that wait for a node.
    pub waiting: Vec<(Uid, Rect)>,
    pub bus: Bus,
}

/// The network's own lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bus {
    /// Between the outside and the cluster.
    pub outer_x: f64,
    /// Inside the cluster, where one row of nodes is joined with another.
    pub inner_x: f64,
    /// Above each row of nodes.
    pub corridors: Vec<f64>,
    /// Narrow only: under each row of boxes outside.
    pub outside: Vec<f64>,
}

/// The measures that differ between the forms.
#[derive(Clone, Copy, Debug)]
struct Measures {
    form: Form,
    margin: f64,
    /// Width of the lane outside; 0 in the narrow form, where it is a row.
    lane: f64,
    /// Between that lane and the cluster.
    gutter: f64,
    /// The cluster's padding.
    padding: f64,
    gap: f64,
    corridor: f64,
    /// The cluster's title line.
    title: f64,
}

pub const NARROW_BELOW: f64 = 640.0;
const LEAST_WIDTH: f64 = 340.0;

impl Form {
    fn of(width: f64) -> Form {
        if width < NARROW_BELOW { Form::Narrow } else { Form::Wide }
    }
}

/// By the width of the view, and of the picture in it.
fn measures(form: Form, width: f64) -> Measures {
    let wide = Measures {
        form: Form::Wide,
        margin: 16.0,
        lane: 132.0,
        gutter: 26.0,
        padding: 14.0,
        gap: 14.0,
        corridor: 30.0,
        title: 34.0,
    };
    match form {
        Form::Narrow => Measures {
            form: Form::Narrow,
            margin: 8.0,
            lane: 0.0,
            gutter: 0.0,
            padding: 12.0,
            gap: 10.0,
            corridor: 24.0,
            title: 34.0,
        },
        Form::Wide if width < 900.0 => {
            Measures { margin: 8.0, lane: 122.0, gutter: 22.0, padding: 10.0, gap: 8.0, ..wide }
        }
        Form::Wide => wide,
    }
}

/// As large as fits the room, with as much said as then can be read.
pub fn layout(request: &Request) -> Layout {
    fit::largest(request)
}

/// Everything at its place, whether it fits the room or not.
fn arrange(request: &Request, plan: &Plan) -> Arranged {
    let width = request.width.max(LEAST_WIDTH) / plan.scale;
    let height = request.height / plan.scale;
    let mut m = measures(Form::of(request.width), width);
    if plan.detail.is_slim {
        (m.title, m.corridor, m.padding) = (28.0, 22.0, 8.0);
    } else if m.form == Form::Wide {
        // Extra height goes to the corridors, where users watch the packets.
        m.corridor = (m.corridor + (height - 620.0) * 0.12).max(m.corridor).min(58.0);
    }
    let outside = outside::boxes(request, &m, (width, height), plan.detail.is_slim);
    let cluster_x = match m.form {
        Form::Wide => m.margin + m.lane + m.gutter,
        Form::Narrow => m.margin + 12.0,
    };
    let cluster_y = if m.form == Form::Wide { m.margin } else { outside.bottom };
    let inner_x = cluster_x + m.padding;
    let inner_w = width - m.margin - m.padding - inner_x;
    let top = Rect { x: inner_x, y: cluster_y + m.title, w: inner_w, h: 0.0 };
    let (card, services, services_bottom) = services::cards(request, &m, top, plan.detail.card);
    let area = Rect { x: inner_x, y: services_bottom, w: inner_w, h: height - m.margin - m.padding };
    let placed = nodes::boxes(request, &m, area, plan);
    let needed = |bottom: f64| (bottom + m.padding + m.margin) / height.max(1.0);
    let (needed, needed_with_one_more) = (needed(placed.bottom), needed(placed.bottom_with_one_more));
    let least_bottom = if m.form == Form::Wide { height - m.margin } else { 0.0 };
    let bottom = (placed.bottom + m.padding).max(least_bottom).max(outside.bottom);
    let outer_x = if m.form == Form::Wide { cluster_x - m.gutter / 2.0 } else { m.margin + 2.0 };
    let layout = Layout {
        form: m.form,
        view: (request.width, request.height),
        scale: plan.scale,
        width,
        height: bottom + m.margin,
        cluster: Rect { x: cluster_x, y: cluster_y, w: width - m.margin - cluster_x, h: bottom - cluster_y },
        clients: outside.clients,
        balancers: outside.balancers,
        card,
        services,
        nodes: placed.nodes,
        has_rule_rows: plan.detail.has_rows,
        outside: outside.form,
        pod: plan.detail.pod,
        waiting: placed.waiting,
        bus: Bus {
            outer_x,
            inner_x: cluster_x + m.padding / 2.0,
            corridors: placed.corridors,
            outside: outside.corridors,
        },
    };
    Arranged { layout, needed, needed_with_one_more }
}

impl Layout {
    pub fn node(&self, uid: Uid) -> Option<&NodeBox> {
        self.nodes.iter().find(|n| n.uid == uid)
    }

    /// The place of a Pod that is bound or waits; not of a ghost.
    pub fn pod(&self, uid: Uid) -> Option<Rect> {
        let bound = self.nodes.iter().flat_map(|n| &n.pods).find(|(u, _)| *u == uid);
        bound.or_else(|| self.waiting.iter().find(|(u, _)| *u == uid)).map(|(_, rect)| *rect)
    }

    pub fn service(&self, uid: Uid) -> Option<Rect> {
        self.services.iter().find(|(u, _)| *u == uid).map(|(_, rect)| *rect)
    }

    pub fn client(&self, id: ClientId) -> Option<Rect> {
        self.clients.iter().find(|(c, _)| *c == id).map(|(_, rect)| *rect)
    }

    pub fn balancer(&self, service: Uid) -> Option<Rect> {
        self.balancers.iter().find(|(u, _)| *u == service).map(|(_, rect)| *rect)
    }
}
