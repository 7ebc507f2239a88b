//! Wires: the network's own lines, faintly, and those that packets use.

use leptos::prelude::*;
use litemap::LiteMap;

use crate::diagram::picture::Picture;
use crate::parts::Kids;
use scene::geometry::{Point, Wire, point};
use scene::layout::{Form, Layout, NodeBox};
use scene::relations;
use scene::routes::route;

pub fn view(picture: Picture) -> AnyView {
    picture.session.traffic_rev();
    let forward = picture.front.with(|front| front.chain.is_some());
    let kids: Kids = picture.scene.with(|scene| {
        let mut paths = vec![path("pk-network".to_owned(), network(&scene.layout))];
        for (colour, d) in used(picture) {
            let colour = colour.map(|c| format!(" pk-s{c}")).unwrap_or_default();
            let lit = if forward { " pk-wire-lit" } else { "" };
            paths.push(path(format!("pk-wire{lit}{colour}"), d));
        }
        paths.push(path("pk-port".to_owned(), scene.layout.nodes.iter().map(ring).collect()));
        paths
    });
    view! { <svg class="pk-wires" width="100%" height="100%" aria-hidden="true">{kids}</svg> }.into_any()
}

fn path(class: String, d: String) -> AnyView {
    view! { <path class=class d=d></path> }.into_any()
}

/// For each colour (none for what no Service is known of), one path.
fn used(picture: Picture) -> LiteMap<Option<usize>, String> {
    picture.scene.with(|scene| {
        let links = picture
            .front
            .with(|front| picture.session.with_world(|world| relations::links(world, front.chain.as_ref())));
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
            _ => {}
        }
    }
    d
}

/// Where packets meet the rules: a ring in each node.
fn ring(node: &NodeBox) -> String {
    let start = Wire::through(&[point(node.port.x - 5.0, node.port.y)]).svg();
    format!("{start}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0")
}
