//! Going from box to box with the arrow keys, and the boxes' names in the DOM.

use cluster::api::Uid;
use cluster::traffic::ClientId;

use super::geometry::Rect;
use super::layout::Layout;
use crate::Selection;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Left,
    Right,
    Up,
    Down,
    First,
    Last,
}

impl Direction {
    pub fn of_key(key: &str) -> Option<Direction> {
        Some(match key {
            "ArrowLeft" => Direction::Left,
            "ArrowRight" => Direction::Right,
            "ArrowUp" => Direction::Up,
            "ArrowDown" => Direction::Down,
            "Home" => Direction::First,
            "End" => Direction::Last,
            _ => return None,
        })
    }
}

/// Every box that the arrow keys can reach, in reading order.
pub fn stops(layout: &Layout) -> Vec<(Selection, Rect)> {
    let mut stops: Vec<(Selection, Rect)> = Vec::new();
    stops.extend(layout.clients.iter().map(|(id, rect)| (Selection::Client(*id), *rect)));
    stops.extend(layout.balancers.iter().map(|(uid, rect)| (Selection::LoadBalancer(*uid), *rect)));
    stops.extend(layout.services.iter().map(|(uid, rect)| (Selection::Service(*uid), *rect)));
    for node in &layout.nodes {
        // A node counts with its header only, since its Pods are boxes of their own.
        let head = Rect { h: node.header + node.rules.h, ..node.rect };
        stops.push((Selection::Node(node.uid), head));
        stops.extend(node.pods.iter().map(|(uid, rect)| (Selection::Pod(*uid), *rect)));
    }
    stops.extend(layout.waiting.iter().map(|(uid, rect)| (Selection::Pod(*uid), *rect)));
    stops
}

/// Where a box is, if it is there.
pub fn place(layout: &Layout, item: Selection) -> Option<Rect> {
    stops(layout).into_iter().find(|(stop, _)| *stop == item).map(|(_, rect)| rect)
}

pub fn first(layout: &Layout) -> Option<Selection> {
    stops(layout).first().map(|(item, _)| *item)
}

/// The nearest box in that direction. Boxes straight ahead are preferred to those at the side.
pub fn next(layout: &Layout, from: Selection, way: Direction) -> Option<Selection> {
    let stops = stops(layout);
    let first = || stops.first().map(|(item, _)| *item);
    let beside = |a: &Rect, b: &Rect| gap(a.y, a.bottom(), b.y, b.bottom());
    let across = |a: &Rect, b: &Rect| gap(a.x, a.right(), b.x, b.right());
    let Some((_, here)) = stops.iter().find(|(item, _)| *item == from) else {
        return if way == Direction::Last { stops.last().map(|(item, _)| *item) } else { first() };
    };
    let distance: &dyn Fn(&Rect) -> (f64, f64) = match way {
        Direction::First => return first(),
        Direction::Last => return stops.last().map(|(item, _)| *item),
        Direction::Right => &|rect| (rect.x - here.right(), beside(here, rect)),
        Direction::Left => &|rect| (here.x - rect.right(), beside(here, rect)),
        Direction::Down => &|rect| (rect.y - here.bottom(), across(here, rect)),
        Direction::Up => &|rect| (here.y - rect.bottom(), across(here, rect)),
    };
    let cost = |rect: &Rect| {
        let (ahead, aside) = distance(rect);
        (ahead > -2.0).then_some(ahead.max(0.0) + 3.0 * aside)
    };
    let others = stops.iter().filter(|(item, _)| *item != from);
    let best = others.filter_map(|(item, rect)| Some((*item, cost(rect)?)));
    best.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(item, _)| item)
}

/// The distance between two intervals; 0 if they overlap.
fn gap(a0: f64, a1: f64, b0: f64, b1: f64) -> f64 {
    (b0 - a1).max(a0 - b1).max(0.0)
}

/// The box's name in `data-item`.
pub fn code(item: Selection) -> String {
    match item {
        Selection::Pod(uid) => format!("pod:{}", uid.0),
        Selection::Service(uid) => format!("service:{}", uid.0),
        Selection::Node(uid) => format!("node:{}", uid.0),
        Selection::Client(id) => format!("client:{}", id.0),
        Selection::LoadBalancer(uid) => format!("balancer:{}", uid.0),
        // These are not boxes.
        Selection::Workload(_) | Selection::Connection(_) | Selection::Packet(_) | Selection::Object(_) => {
            String::new()
        }
    }
}

pub fn decode(code: &str) -> Option<Selection> {
    let (kind, number) = code.split_once(':')?;
    let number = number.parse().ok()?;
    Some(match kind {
        "pod" => Selection::Pod(Uid(number)),
        "service" => Selection::Service(Uid(number)),
        "node" => Selection::Node(Uid(number)),
        "client" => Selection::Client(ClientId(number)),
        "balancer" => Selection::LoadBalancer(Uid(number)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SIZES, WEB, pictured, run};

    #[test]
    fn every_box_can_be_reached_with_the_arrow_keys() {
        let run = run(WEB, 4);
        for size in SIZES {
            let (_, _, layout) = pictured(run.world(), size);
            let all: Vec<Selection> = stops(&layout).into_iter().map(|(item, _)| item).collect();
            let mut seen = vec![all[0]];
            let mut at = 0;
            while at < seen.len() {
                for way in [Direction::Left, Direction::Right, Direction::Up, Direction::Down] {
                    if let Some(item) = next(&layout, seen[at], way).filter(|item| !seen.contains(item)) {
                        seen.push(item);
                    }
                }
                at += 1;
            }
            let missed: Vec<_> = all.iter().filter(|item| !seen.contains(item)).collect();
            assert!(missed.is_empty(), "{missed:?} at {size:?}");
        }
    }

    #[test]
    fn arrows_go_where_they_point() {
        let run = run(WEB, 3);
        let (_, _, layout) = pictured(run.world(), SIZES[0]);
        let nodes: Vec<Selection> = layout.nodes.iter().map(|n| Selection::Node(n.uid)).collect();
        assert_eq!(next(&layout, nodes[0], Direction::Right), Some(nodes[1]));
        assert_eq!(next(&layout, nodes[1], Direction::Left), Some(nodes[0]));
        assert!(matches!(next(&layout, nodes[0], Direction::Down), Some(Selection::Pod(_))));
        assert!(matches!(next(&layout, nodes[0], Direction::Up), Some(Selection::Service(_))));
        assert!(matches!(
            next(&layout, nodes[0], Direction::Left),
            Some(Selection::Client(_) | Selection::LoadBalancer(_))
        ));
    }

    #[test]
    fn names_in_the_page_lead_back_to_their_boxes() {
        let run = run(WEB, 3);
        let (_, _, layout) = pictured(run.world(), SIZES[0]);
        for (item, _) in stops(&layout) {
            assert_eq!(decode(&code(item)), Some(item));
        }
        assert_eq!(decode("pod:x"), None);
    }
}
