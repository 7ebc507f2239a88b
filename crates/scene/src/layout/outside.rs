//! The lane outside: clients, each above the load balancer that it calls.

use cluster::api::Uid;
use cluster::traffic::ClientId;

use super::{Form, Measures, Request};
use crate::geometry::Rect;

/// How much the card of a client or a load balancer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutsideForm {
    /// Name, address, what it calls, rate and success, the last failure; a load balancer's nodes.
    Full,
    /// Name; rate and success, or address.
    Slim,
}

pub(super) struct Outside {
    pub form: OutsideForm,
    pub clients: Vec<(ClientId, Rect)>,
    pub balancers: Vec<(Uid, Rect)>,
    /// Narrow only.
    pub corridors: Vec<f64>,
    pub bottom: f64,
}

enum Item {
    Client(ClientId),
    Balancer(Uid),
}

const TITLE: f64 = 28.0;
const GAP: f64 = 14.0;
/// In the narrow form.
const LEAST_BOX: f64 = 150.0;

impl OutsideForm {
    fn height(self, item: &Item) -> f64 {
        match (self, item) {
            (OutsideForm::Full, Item::Client(_)) => 102.0,
            (OutsideForm::Full, Item::Balancer(_)) => 86.0,
            (OutsideForm::Slim, Item::Client(_) | Item::Balancer(_)) => 46.0,
        }
    }

    /// Between a client and its load balancer, where packets can be seen.
    fn way(self) -> f64 {
        match self {
            OutsideForm::Full => 56.0,
            OutsideForm::Slim => 28.0,
        }
    }
}

/// In the lane, the form whose boxes are not higher than the view.
pub(super) fn boxes(request: &Request, m: &Measures, room: (f64, f64), is_slim: bool) -> Outside {
    let (width, height) = room;
    let form = if is_slim { OutsideForm::Slim } else { OutsideForm::Full };
    match m.form {
        Form::Wide => {
            let full = lane(in_order(request, form), m, height, form);
            match full.bottom > height && form == OutsideForm::Full {
                true => lane(in_order(request, OutsideForm::Slim), m, height, OutsideForm::Slim),
                false => full,
            }
        }
        Form::Narrow => rows(in_order(request, form), m, width, form),
    }
}

/// Clients in the order of their making, each load balancer under the first that calls it.
fn in_order(request: &Request, form: OutsideForm) -> Vec<(Item, f64)> {
    let facts = request.facts;
    let mut items = Vec::new();
    let mut left: Vec<Uid> = facts.balancers.iter().map(|b| b.service).collect();
    for client in &facts.clients {
        items.push((Item::Client(client.id), GAP));
        if let Some(at) = left.iter().position(|b| Some(*b) == client.service) {
            items.push((Item::Balancer(left.remove(at)), form.way()));
        }
    }
    items.extend(left.into_iter().map(|b| (Item::Balancer(b), GAP)));
    items
}

fn lane(items: Vec<(Item, f64)>, m: &Measures, height: f64, form: OutsideForm) -> Outside {
    let needs: f64 = items.iter().map(|(item, gap)| form.height(item) + gap).sum();
    // A little lower than the title where there is room, so that ways into the nodes are short.
    let top = m.margin + TITLE;
    let slack = (height - top - needs - m.margin).clamp(0.0, 110.0);
    let mut y = top + slack;
    let mut out = Outside::empty(form);
    for (index, (item, gap)) in items.into_iter().enumerate() {
        y += if index > 0 { gap } else { 0.0 };
        let rect = Rect { x: m.margin, y, w: m.lane, h: form.height(&item) };
        y = rect.bottom();
        out.put(item, rect);
    }
    out.bottom = y;
    out
}

fn rows(items: Vec<(Item, f64)>, m: &Measures, width: f64, form: OutsideForm) -> Outside {
    let x = m.margin + 12.0;
    let room = width - m.margin - x;
    let columns = ((room + m.gap) / (LEAST_BOX + m.gap)).floor().max(1.0) as usize;
    let columns = columns.min(items.len().max(1));
    let w = ((room + m.gap) / columns as f64 - m.gap).min(220.0);
    let mut out = Outside::empty(form);
    // Space for the text that there are no clients.
    let mut y = m.margin + TITLE + if items.is_empty() { 22.0 } else { 0.0 };
    let mut rest = items.into_iter().peekable();
    while rest.peek().is_some() {
        let row: Vec<Item> = rest.by_ref().take(columns).map(|(item, _)| item).collect();
        let h = row.iter().map(|item| form.height(item)).fold(0.0, f64::max);
        for (column, item) in row.into_iter().enumerate() {
            let rect = Rect { x: x + column as f64 * (w + m.gap), y, w, h };
            out.put(item, rect);
        }
        y += h + m.corridor;
        out.corridors.push(y - m.corridor / 2.0);
    }
    out.bottom = y;
    out
}

impl Outside {
    fn empty(form: OutsideForm) -> Outside {
        Outside { form, clients: vec![], balancers: vec![], corridors: vec![], bottom: 0.0 }
    }

    fn put(&mut self, item: Item, rect: Rect) {
        match item {
            Item::Client(id) => self.clients.push((id, rect)),
            Item::Balancer(service) => self.balancers.push((service, rect)),
        }
    }
}
