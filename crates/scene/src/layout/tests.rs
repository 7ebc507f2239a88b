use super::{Layout, NARROW_BELOW, PodForm, Request, layout};
use crate::geometry::Rect;
use crate::testing::{SIZES, WEB, many, pictured, run};

fn no_two_overlap(boxes: &[Rect], what: &str) {
    for (i, a) in boxes.iter().enumerate() {
        for b in &boxes[i + 1..] {
            assert!(!a.overlaps(b), "{what}: {a:?} overlaps {b:?}");
        }
    }
}

fn is_sound(layout: &Layout, what: &str) {
    let services: Vec<Rect> = layout.services.iter().map(|(_, r)| *r).collect();
    let nodes: Vec<Rect> = layout.nodes.iter().map(|n| n.rect).collect();
    let outside = layout.clients.iter().map(|(_, r)| *r).chain(layout.balancers.iter().map(|(_, r)| *r));
    let all: Vec<Rect> = services.iter().chain(&nodes).copied().chain(outside.clone()).collect();
    no_two_overlap(&all, what);
    for inside in services.iter().chain(&nodes) {
        assert!(layout.cluster.contains(inside), "{what}: {inside:?} is in {:?}", layout.cluster);
    }
    for rect in outside {
        assert!(!layout.cluster.overlaps(&rect), "{what}: outside is outside");
    }
    for node in &layout.nodes {
        let pods: Vec<Rect> = node.pods.iter().map(|(_, r)| *r).collect();
        no_two_overlap(&pods, what);
        for pod in &pods {
            assert!(node.rect.contains(pod) && !node.rules.overlaps(pod), "{what}: {pod:?}");
        }
    }
    let whole = Rect { x: 0.0, y: 0.0, w: layout.width, h: layout.height };
    assert!(all.iter().all(|rect| whole.contains(rect)), "{what}");
}

#[test]
fn boxes_are_where_they_belong_and_never_overlap() {
    for (text, nodes) in [(WEB.to_owned(), 3), (many(12, 1), 3), (many(12, 2), 8), (many(3, 30), 1)] {
        let run = run(&text, nodes);
        for size in SIZES {
            let (facts, _, layout) = pictured(run.world(), size);
            let what = format!("{} services, {nodes} nodes at {size:?}", facts.services.len());
            is_sound(&layout, &what);
            assert_eq!(layout.nodes.len(), facts.nodes.len());
            assert_eq!(layout.nodes.iter().map(|n| n.pods.len()).sum::<usize>(), facts.pods.len());
        }
    }
}

#[test]
fn nothing_is_wider_than_the_view() {
    for (text, nodes) in [(WEB.to_owned(), 3), (many(12, 2), 8)] {
        let run = run(&text, nodes);
        for size in SIZES {
            let (_, _, layout) = pictured(run.world(), size);
            assert!(layout.width * layout.scale <= size.0 + 0.01, "{size:?}");
        }
    }
}

#[test]
fn what_is_little_is_drawn_large() {
    let run = run(WEB, 3);
    let (_, _, layout) = pictured(run.world(), (1068.0, 776.0));
    assert!(layout.scale >= 1.2, "{}", layout.scale);
    assert!(layout.height * layout.scale <= 776.01);
    assert_eq!(layout.pod, PodForm::Full);
}

#[test]
fn a_low_frame_has_everything_with_less_detail() {
    let run = run(WEB, 3);
    for size in [(700.0, 305.0), (700.0, 505.0), (1000.0, 505.0), (360.0, 303.0)] {
        let (_, _, layout) = pictured(run.world(), size);
        let lowest = layout.nodes.iter().map(|node| node.rect.bottom()).fold(0.0, f64::max);
        assert!(lowest * layout.scale <= size.1, "{size:?}: {lowest}");
        assert!(layout.width * layout.scale <= size.0 + 0.01, "{size:?}");
        is_sound(&layout, &format!("{size:?}"));
    }
}

#[test]
fn nothing_grows_while_the_room_is_the_same() {
    let run = run(WEB, 3);
    let (facts, slots, first) = pictured(run.world(), (1068.0, 776.0));
    let request = Request {
        facts: &facts,
        slots: &slots,
        rule_rows: 3,
        width: 1068.0,
        height: 776.0,
        most_scale: Some(1.1),
    };
    assert!(first.scale > 1.1);
    assert_eq!(layout(&request).scale, 1.1);
}

#[test]
fn a_narrow_view_has_one_node_in_each_row() {
    let run = run(WEB, 3);
    let (_, _, layout) = pictured(run.world(), (390.0, 600.0));
    const { assert!(390.0 < NARROW_BELOW) };
    assert_eq!(layout.bus.corridors.len(), layout.nodes.len());
    let wide = pictured(run.world(), (1068.0, 776.0)).2;
    assert_eq!(wide.bus.corridors.len(), 1);
}

#[test]
fn many_pods_make_small_cards() {
    let few = run(WEB, 3);
    assert_eq!(pictured(few.world(), SIZES[0]).2.pod, PodForm::Full);
    let crowd = run(&many(2, 45), 3);
    assert_eq!(pictured(crowd.world(), SIZES[0]).2.pod, PodForm::Tiny);
}
