//! The ways between places: from a box to the network's corridor, along it, and to another box.

use cluster::api::Uid;
use cluster::trace::Place;
use litemap::LiteMap;

use super::geometry::{Point, Wire, point};
use super::layout::{Form, Layout, RAIL_TO_POD};

/// The wires of one layout, each made when it is first asked for and kept from then on.
#[derive(Default)]
pub struct Routes {
    wires: LiteMap<(Place, Place), Option<Wire>>,
}

impl Routes {
    pub fn wire(&mut self, layout: &Layout, from: Place, to: Place) -> Option<&Wire> {
        let make = || route(layout, from, to).map(|corners| Wire::through(&corners));
        self.wires.entry((from, to)).or_insert_with(make).as_ref()
    }
}

/// How a box is joined to the network: the way from the box to the line at height `y`.
struct Dock {
    lead: Vec<Point>,
    y: f64,
    outside: bool,
}

/// `None` when one of the two is not in the picture.
pub fn route(layout: &Layout, from: Place, to: Place) -> Option<Vec<Point>> {
    match (from, to) {
        (Place::Node(node), Place::Pod(pod)) => into_pod(layout, node, pod),
        (Place::Pod(pod), Place::Node(node)) => Some(back(into_pod(layout, node, pod)?)),
        (Place::Pod(pod), Place::Pod(_)) => within_pod(layout, pod),
        (Place::Outside(_) | Place::LoadBalancer(_), Place::Internet) => to_the_edge(layout, from),
        (Place::Outside(client), Place::LoadBalancer(lb)) => {
            straight_down(layout, client, lb).or_else(|| by_the_network(layout, from, to))
        }
        (Place::LoadBalancer(lb), Place::Outside(client)) => {
            straight_down(layout, client, lb).map(back).or_else(|| by_the_network(layout, from, to))
        }
        (Place::Outside(_), Place::Outside(_) | Place::Node(_) | Place::Pod(_))
        | (Place::LoadBalancer(_), Place::LoadBalancer(_) | Place::Node(_) | Place::Pod(_))
        | (Place::Node(_), Place::Outside(_) | Place::LoadBalancer(_) | Place::Node(_) | Place::Internet)
        | (Place::Pod(_), Place::Outside(_) | Place::LoadBalancer(_) | Place::Internet)
        | (
            Place::Internet,
            Place::Outside(_) | Place::LoadBalancer(_) | Place::Node(_) | Place::Pod(_) | Place::Internet,
        ) => by_the_network(layout, from, to),
    }
}

fn back(mut points: Vec<Point>) -> Vec<Point> {
    points.reverse();
    points
}

fn by_the_network(layout: &Layout, from: Place, to: Place) -> Option<Vec<Point>> {
    let (a, b) = (dock(layout, from)?, dock(layout, to)?);
    let mut points = a.lead;
    if (a.y - b.y).abs() > 0.01 {
        let trunk = if a.outside || b.outside { layout.bus.outer_x } else { layout.bus.inner_x };
        points.extend([point(trunk, a.y), point(trunk, b.y)]);
    }
    points.extend(back(b.lead));
    Some(points)
}

fn dock(layout: &Layout, place: Place) -> Option<Dock> {
    let outside = |rect: Option<super::geometry::Rect>| {
        let rect = rect?;
        match layout.form {
            Form::Wide => {
                let y = rect.centre().y;
                let lead = vec![point(rect.right(), y), point(layout.bus.outer_x, y)];
                Some(Dock { lead, y, outside: true })
            }
            Form::Narrow => {
                let x = rect.centre().x;
                let y = layout.bus.outside.iter().copied().find(|y| *y > rect.y)?;
                Some(Dock { lead: vec![point(x, rect.bottom()), point(x, y)], y, outside: true })
            }
        }
    };
    match place {
        Place::Outside(client) => outside(layout.client(client)),
        Place::LoadBalancer(service) => outside(layout.balancer(service)),
        Place::Node(uid) => {
            let node = layout.node(uid)?;
            let y = *layout.bus.corridors.get(node.row)?;
            Some(Dock { lead: vec![node.port, point(node.port.x, y)], y, outside: false })
        }
        Place::Pod(_) => None,
        Place::Internet => {
            let y = *layout.bus.corridors.first()?;
            Some(Dock { lead: vec![point(layout.bus.outer_x, y)], y, outside: true })
        }
    }
}

/// From a node's rules along its rail. Pods at the rail are entered from the side, others from
/// above.
fn into_pod(layout: &Layout, node: Uid, pod: Uid) -> Option<Vec<Point>> {
    let node = layout.node(node)?;
    let rect = node.place_of(pod)?;
    let rail = node.port.x;
    if rect.x - rail < 2.0 * RAIL_TO_POD {
        let y = rect.centre().y;
        return Some(vec![node.port, point(rail, y), point(rect.x, y)]);
    }
    let (x, y) = (rect.centre().x, rect.y - 4.0);
    Some(vec![node.port, point(rail, y), point(x, y), point(x, rect.y)])
}

/// A Pod that calls its own address: along the bottom of its card, since the packet does not leave the Pod.
fn within_pod(layout: &Layout, pod: Uid) -> Option<Vec<Point>> {
    let rect = layout.nodes.iter().find_map(|node| node.place_of(pod))?;
    let y = rect.bottom() - 6.0;
    Some(vec![point(rect.x + 8.0, y), point(rect.right() - 8.0, y)])
}

/// A client right above its load balancer.
fn straight_down(layout: &Layout, client: cluster::traffic::ClientId, balancer: Uid) -> Option<Vec<Point>> {
    let (above, below) = (layout.client(client)?, layout.balancer(balancer)?);
    let gap = below.y - above.bottom();
    let adjacent = layout.form == Form::Wide && gap > 0.0 && gap < 80.0;
    let x = above.centre().x;
    adjacent.then(|| vec![point(x, above.bottom()), point(x, below.y)])
}

/// The network outside does not route the cluster's own addresses: such packets go only to its edge.
fn to_the_edge(layout: &Layout, from: Place) -> Option<Vec<Point>> {
    let rect = match from {
        Place::Outside(client) => layout.client(client)?,
        Place::LoadBalancer(service) => layout.balancer(service)?,
        Place::Node(_) | Place::Pod(_) | Place::Internet => return None,
    };
    let centre = rect.centre();
    Some(match layout.form {
        Form::Wide => vec![point(rect.right(), centre.y), point(layout.cluster.x, centre.y)],
        Form::Narrow => vec![point(centre.x, rect.bottom()), point(centre.x, layout.cluster.y)],
    })
}
