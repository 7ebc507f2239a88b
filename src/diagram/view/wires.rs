//! Wires: the network's own lines, faintly, and those that packets use.

use std::collections::BTreeMap;

use leptos::prelude::*;

use crate::diagram::geometry::{Wire, point};
use crate::diagram::layout::{Form, Layout};
use crate::diagram::relations;
use crate::diagram::routes::route;
use crate::diagram::scene::Picture;
use crate::parts::{Kids, live};

/// What is drawn: for each colour (none for what no Service is known of), one path.
type Paths = BTreeMap<Option<usize>, String>;

pub fn view(picture: Picture) -> AnyView {
    let used = Memo::new(move |_| used(picture));
    let network = Memo::new(move |_| picture.scene.with(|s| network(&s.layout)));
    let ports = Memo::new(move |_| picture.scene.with(|s| ports(&s.layout)));
    let paths = live(move || {
        let forward = picture.chain.with(Option::is_some);
        let path = |(colour, d): (&Option<usize>, &String)| {
            let colour = colour.map_or(String::new(), |c| format!(" pk-s{c}"));
            let class = format!("{}{colour}", if forward { "pk-wire pk-wire-lit" } else { "pk-wire" });
            let d = d.clone();
            view! { <path class=class d=d></path> }.into_any()
        };
        let kids: Kids = used.with(|used| used.iter().map(path).collect());
        kids.into_any()
    });
    view! {
        <svg class="pk-wires" width="100%" height="100%" aria-hidden="true">
            <path class="pk-network" d=move || network.get()></path>
            <g>{paths}</g>
            <path class="pk-port" d=move || ports.get()></path>
        </svg>
    }
    .into_any()
}

fn used(picture: Picture) -> Paths {
    picture.session.traffic_rev();
    picture.scene.with(|scene| {
        let links = picture
            .chain
            .with(|chain| picture.session.with_world(|world| relations::links(world, chain.as_deref())));
        let mut paths = Paths::new();
        for ((from, to), service) in links {
            let Some(corners) = route(&scene.layout, from, to) else { continue };
            let colour = service.and_then(|key| scene.marks.get(&key)).map(|m| m.colour);
            paths.entry(colour).or_default().push_str(&Wire::through(&corners).svg());
        }
        paths
    })
}

/// The corridors, the trunks, and each node's rail down to its rules.
fn network(layout: &Layout) -> String {
    let bus = &layout.bus;
    let mut d = String::new();
    let mut line = |corners: &[crate::diagram::geometry::Point]| d.push_str(&Wire::through(corners).svg());
    for node in &layout.nodes {
        let Some(y) = bus.corridors.get(node.row) else { continue };
        line(&[point(bus.outer_x, *y), point(node.port.x, *y), node.port]);
    }
    if let (Some(first), Some(last)) = (bus.corridors.first(), bus.corridors.last()) {
        let top = bus.outside.first().copied().unwrap_or(*first);
        line(&[point(bus.outer_x, top), point(bus.outer_x, *last)]);
    }
    let boxes = layout.clients.iter().map(|(_, r)| r).chain(layout.balancers.iter().map(|(_, r)| r));
    for rect in boxes {
        let centre = rect.centre();
        match (layout.form, bus.corridors.first()) {
            (Form::Wide, Some(first)) => line(&[
                point(rect.right(), centre.y),
                point(bus.outer_x, centre.y),
                point(bus.outer_x, *first),
            ]),
            (Form::Narrow, Some(_)) => {
                if let Some(y) = bus.outside.iter().find(|y| **y > rect.y) {
                    line(&[point(centre.x, rect.bottom()), point(centre.x, *y), point(bus.outer_x, *y)]);
                }
            }
            _ => {}
        }
    }
    d
}

/// Where packets meet the rules: a ring in each node.
fn ports(layout: &Layout) -> String {
    let ring = |node: &crate::diagram::layout::NodeBox| {
        format!("M{:.1} {:.1}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0", node.port.x - 5.0, node.port.y)
    };
    layout.nodes.iter().map(ring).collect()
}
