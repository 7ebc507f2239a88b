//! The lane outside: clients, each above the load balancer that it calls.

use cluster::api::Uid;
use cluster::traffic::ClientId;

use super::{Form, Measures, Request};
use crate::geometry::Rect;

pub(super) struct Outside {
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

const CLIENT: f64 = 102.0;
const BALANCER: f64 = 86.0;
const TITLE: f64 = 28.0;
/// Between a client and its load balancer, where packets can be seen.
const WAY: f64 = 56.0;
const GAP: f64 = 14.0;
/// In the narrow form.
const LEAST_BOX: f64 = 150.0;

pub(super) fn boxes(request: &Request, m: &Measures, width: f64) -> Outside {
    let items = in_order(request);
    match m.form {
        Form::Wide => lane(items, m, request.height),
        Form::Narrow => rows(items, m, width),
    }
}

/// Clients in the order of their making, each load balancer under the first that calls it.
fn in_order(request: &Request) -> Vec<(Item, f64)> {
    let facts = request.facts;
    let mut items = Vec::new();
    let mut left: Vec<Uid> = facts.balancers.iter().map(|b| b.service).collect();
    for client in &facts.clients {
        items.push((Item::Client(client.id), GAP));
        if let Some(at) = left.iter().position(|b| Some(*b) == client.service) {
            items.push((Item::Balancer(left.remove(at)), WAY));
        }
    }
    items.extend(left.into_iter().map(|b| (Item::Balancer(b), GAP)));
    items
}

fn lane(items: Vec<(Item, f64)>, m: &Measures, height: f64) -> Outside {
    let needs: f64 = items.iter().map(|(item, gap)| size(item) + gap).sum();
    // A little lower than the title where there is room, so that ways into the nodes are short.
    let top = m.margin + TITLE;
    let slack = (height - top - needs - m.margin).clamp(0.0, 110.0);
    let mut y = top + slack;
    let mut out = Outside { clients: vec![], balancers: vec![], corridors: vec![], bottom: 0.0 };
    for (index, (item, gap)) in items.into_iter().enumerate() {
        y += if index > 0 { gap } else { 0.0 };
        let rect = Rect { x: m.margin, y, w: m.lane, h: size(&item) };
        y = rect.bottom();
        out.put(item, rect);
    }
    out.bottom = y;
    out
}

fn rows(items: Vec<(Item, f64)>, m: &Measures, width: f64) -> Outside {
    let x = m.margin + 12.0;
    let room = width - m.margin - x;
    let columns = ((room + m.gap) / (LEAST_BOX + m.gap)).floor().max(1.0) as usize;
    let columns = columns.min(items.len().max(1));
    let w = ((room + m.gap) / columns as f64 - m.gap).min(220.0);
    let mut out = Outside { clients: vec![], balancers: vec![], corridors: vec![], bottom: 0.0 };
    // Space for the text that there are no clients.
    let mut y = m.margin + TITLE + if items.is_empty() { 22.0 } else { 0.0 };
    let mut rest = items.into_iter().peekable();
    while rest.peek().is_some() {
        let row: Vec<Item> = rest.by_ref().take(columns).map(|(item, _)| item).collect();
        let h = row.iter().map(size).fold(0.0, f64::max);
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

fn size(item: &Item) -> f64 {
    match item {
        Item::Client(_) => CLIENT,
        Item::Balancer(_) => BALANCER,
    }
}

impl Outside {
    fn put(&mut self, item: Item, rect: Rect) {
        match item {
            Item::Client(id) => self.clients.push((id, rect)),
            Item::Balancer(service) => self.balancers.push((service, rect)),
        }
    }
}
