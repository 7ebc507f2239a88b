//! Wires: the network's own lines, faintly, and those that packets use.

use leptos::prelude::*;
use litemap::LiteMap;

use crate::diagram::picture::Picture;
use scene::geometry::{Point, Wire, point};
use scene::layout::{Form, Layout, NodeBox};
use scene::marks::SERVICE_COLOURS;
use scene::relations;
use scene::routes::route;

#[component]
pub fn Wires() -> impl IntoView {
    let picture = expect_context::<Picture>();
    let network = move || picture.scene.with(|scene| network(&scene.layout));
    let ports = move || picture.scene.with(|scene| scene.layout.nodes.iter().map(ring).collect::<String>());
    let used = Memo::new(move |_| {
        picture.session.traffic_rev();
        used(picture)
    });
    let is_lit = move || picture.highlight.with(|highlight| highlight.chain.is_some());
    // What no Service is known of has no colour.
    let colours = std::iter::once(None).chain((0..SERVICE_COLOURS).map(Some));
    let wires = colours.map(|colour| {
        let class = colour.map_or_else(|| "pk-wire".to_owned(), |colour| format!("pk-wire pk-s{colour}"));
        let d = move || used.with(|used| used.get(&colour).cloned());
        view! { <path class=class class:pk-wire-lit=is_lit d=d></path> }
    });
    view! {
        <svg class="pk-wires" width="100%" height="100%" aria-hidden="true">
            <path class="pk-network" d=network></path>
            {wires.collect_view()}
            <path class="pk-port" d=ports></path>
        </svg>
    }
}

/// For each colour (none for what no Service is known of), one path.
fn used(picture: Picture) -> LiteMap<Option<usize>, String> {
    picture.scene.with(|scene| {
        let links = picture.highlight.with(|highlight| {
            picture
                .session
                .with_world(|world| relations::links(world, scene.system, highlight.chain.as_ref()))
        });
        let mut paths: LiteMap<Option<usize>, String> = LiteMap::new();
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
    let mut line = |corners: &[Point]| d.push_str(&Wire::through(corners).svg());
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
            (Form::Wide | Form::Narrow, None) => {}
        }
    }
    d
}

/// Where packets meet the rules: a ring in each node.
fn ring(node: &NodeBox) -> String {
    let start = Wire::through(&[point(node.port.x - 5.0, node.port.y)]).svg();
    format!("{start}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0")
}
