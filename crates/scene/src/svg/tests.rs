//! What holds in every figure: it is XML, everything is in it and named, and every text is inside of its box.

use cluster::api::{Action, parse};
use cluster::sim::{Run, Span, World};
use roxmltree::{Document, Node};

use super::{Figure, Size, figure};
use crate::facts::SystemObjects;
use crate::geometry::Rect;
use crate::palette::Theme;
use crate::testing::{SIZES, WEB, kill, many, pass, pods, run};
use crate::typeface::{Family, mono, sans};
use crate::{Scene, Selection, Shown};

const SCENARIOS: [&str; 5] = [
    include_str!("../../../../public/scenarios/first.yaml"),
    include_str!("../../../../public/scenarios/shop.yaml"),
    include_str!("../../../../public/scenarios/doors.yaml"),
    include_str!("../../../../public/scenarios/labels.yaml"),
    include_str!("../../../../public/scenarios/readiness.yaml"),
];
/// What a text may stand out of its box: less than a pixel is seen by nobody.
const A_HAIR: f64 = 0.6;

/// Runs at several moments: as they start, settled, and with Pods that are gone.
fn runs() -> Vec<Run> {
    let mut runs = Vec::new();
    for text in SCENARIOS {
        let (mut run, refusals) = Run::new(&parse(text), None);
        assert_eq!(refusals, []);
        pass(&mut run, 4_000);
        runs.push(run.clone());
        pass(&mut run, 36_000);
        runs.push(run);
    }
    let mut web = run(WEB, 3);
    let gone = pods(web.world(), "web");
    gone.iter().for_each(|pod| kill(&mut web, &pod.name));
    pass(&mut web, 2_500);
    runs.extend([web, run(&many(12, 2), 8), run(&many(3, 30), 1), run(&many(2, 45), 3)]);
    runs
}

fn scene(world: &World, selected: Option<Selection>, view: (f64, f64)) -> Scene {
    Scene::after(None, world, Shown { opened: 0, system: SystemObjects::Shown, selected, view })
}

fn drawn(world: &World, scene: &Scene, selected: Option<Selection>, theme: Theme, size: Size) -> String {
    figure(&Figure { world, scene, selected, theme, size })
}

/// Each figure of each run: in each size, each theme, and with a Service selected.
fn for_each(check: impl Fn(&Scene, &str)) {
    for run in runs() {
        let world = run.world();
        for view in SIZES {
            let unselected = scene(world, None, view);
            let service = unselected.facts.services.first().map(|service| Selection::Service(service.uid));
            check(&unselected, &drawn(world, &unselected, None, Theme::Light, Size::AsNeeded));
            let selected = scene(world, service, view);
            let size = Size::Exactly(view.0 as u32, view.1 as u32);
            check(&selected, &drawn(world, &selected, service, Theme::Dark, size));
        }
    }
}

fn number(node: &Node, name: &str) -> f64 {
    node.attribute(name).map_or(0.0, |text| text.parse().unwrap_or_else(|_| panic!("{name}: {text}")))
}

fn rect(node: &Node) -> Rect {
    let [x, y, w, h] = ["x", "y", "width", "height"].map(|name| number(node, name));
    Rect { x, y, w, h }
}

/// The box around a text, by the measures of its font.
fn text_box(node: &Node) -> Rect {
    let size = number(node, "font-size");
    let face =
        if node.attribute("font-family") == Some(Family::Mono.names()) { mono(size) } else { sans(size) };
    let face = if node.attribute("font-weight").is_some() { face.bold() } else { face };
    let w = face.spaced(number(node, "letter-spacing") / size).width(node.text().unwrap_or_default());
    let x = number(node, "x");
    let x = match node.attribute("text-anchor") {
        Some("end") => x - w,
        Some(_) => x - w / 2.0,
        None => x,
    };
    Rect { x, y: number(node, "y") - size, w, h: size }
}

fn is_within(inner: Rect, outer: Rect) -> bool {
    let roomy = Rect { x: outer.x - A_HAIR, y: outer.y, w: outer.w + 2.0 * A_HAIR, h: outer.h };
    roomy.contains(&inner)
}

#[test]
fn a_figure_is_xml_that_needs_no_permission() {
    for_each(|_, text| {
        let read = Document::parse(text).expect("it is XML");
        let root = read.root_element();
        assert_eq!(root.tag_name().name(), "svg");
        assert!(["width", "height", "viewBox"].iter().all(|name| root.has_attribute(*name)));
        let named: Vec<&str> =
            root.children().filter(Node::is_element).take(2).map(|n| n.tag_name().name()).collect();
        assert_eq!(named, ["title", "desc"]);
        let known = ["svg", "title", "desc", "g", "rect", "circle", "path", "polygon", "text"];
        for node in read.descendants().filter(Node::is_element) {
            assert!(known.contains(&node.tag_name().name()), "{node:?}");
            let is_risky = |name: &str| name == "style" || name == "href" || name.starts_with("on");
            assert!(node.attributes().all(|attribute| !is_risky(attribute.name())), "{node:?}");
        }
    });
}

#[test]
fn everything_is_named() {
    for_each(|scene, text| {
        let read = Document::parse(text).expect("it is XML");
        let titles: Vec<&str> =
            read.descendants().filter(|n| n.has_tag_name("title")).filter_map(|n| n.text()).collect();
        let facts = &scene.facts;
        let names = facts.pods.iter().map(|pod| format!("Pod {},", pod.key.name));
        let names =
            names.chain(facts.services.iter().map(|service| format!("Service {},", service.key.name)));
        let names = names.chain(facts.nodes.iter().map(|node| format!("Node {},", node.name)));
        for name in names.chain(facts.clients.iter().map(|client| format!("Client {},", client.name))) {
            assert!(titles.iter().any(|title| title.starts_with(&name)), "{name} is not named");
        }
        let ghosts = scene.layout.nodes.iter().flat_map(|node| &node.ghosts);
        for (ghost, _) in ghosts {
            assert!(titles.contains(&&*crate::words::ghost_label(&ghost.key.name)), "{ghost:?}");
        }
    });
}

#[test]
fn every_text_is_inside_of_its_box_and_every_box_inside_of_the_figure() {
    for_each(|_, text| {
        let read = Document::parse(text).expect("it is XML");
        let view = read.root_element().attribute("viewBox").unwrap_or_default();
        let view: Vec<f64> = view.split(' ').map(|side| side.parse().expect("a number")).collect();
        let &[x, y, w, h] = &view[..] else { panic!("four numbers: {view:?}") };
        let whole = Rect { x, y, w, h };
        for group in read.descendants().filter(|node| node.has_tag_name("g")) {
            let title = group.children().find(|node| node.has_tag_name("title")).and_then(|node| node.text());
            let outline = group.children().find(|node| node.has_tag_name("rect"));
            let outline = rect(&outline.expect("a box has an outline"));
            assert!(is_within(outline, whole), "{title:?}: {outline:?} is not in {whole:?}");
            let texts: Vec<Node> = group.children().filter(|node| node.has_tag_name("text")).collect();
            for text in &texts {
                let place = text_box(text);
                assert!(
                    is_within(place, outline),
                    "{title:?}: {:?} at {place:?} in {outline:?}",
                    text.text()
                );
            }
            no_two_overlap(&texts, title);
        }
        for text in read.descendants().filter(|node| node.has_tag_name("text")) {
            assert!(is_within(text_box(&text), whole), "{:?} is not in the figure", text.text());
        }
    });
}

/// Letters on marks apart, which may cover each other.
fn no_two_overlap(texts: &[Node], title: Option<&str>) {
    let texts: Vec<&Node> =
        texts.iter().filter(|node| node.attribute("text-anchor") != Some("middle")).collect();
    for (i, a) in texts.iter().enumerate() {
        for b in &texts[i + 1..] {
            let (left, right) = (text_box(a), text_box(b));
            let smaller = Rect { x: left.x + A_HAIR, w: (left.w - 2.0 * A_HAIR).max(0.0), h: 2.0, ..left };
            let overlap = smaller.overlaps(&Rect { h: 2.0, ..right });
            assert!(!overlap, "{title:?}: {:?} and {:?}", a.text(), b.text());
        }
    }
}

#[test]
fn the_same_moment_gives_the_same_text() {
    let mut run = run(WEB, 3);
    pass(&mut run, 5_300);
    let text = |run: &Run| {
        let scene = scene(run.world(), None, SIZES[0]);
        drawn(run.world(), &scene, None, Theme::Light, Size::AsNeeded)
    };
    let first = text(&run);
    let then = run.world().now();
    pass(&mut run, 3_000);
    assert_ne!(text(&run), first);
    run.seek(then, u64::MAX);
    assert_eq!(text(&run), first);
}

#[test]
fn a_name_is_text_whatever_is_in_it() {
    let run = run(WEB, 3);
    let mut scene = scene(run.world(), None, SIZES[0]);
    let odd = "a<b>&\"c'</text>";
    scene.facts.clients.iter_mut().for_each(|client| client.ip = odd.into());
    let text = drawn(run.world(), &scene, None, Theme::Light, Size::AsNeeded);
    let read = Document::parse(&text).expect("it is XML");
    assert!(read.descendants().any(|node| node.has_tag_name("text") && node.text() == Some(odd)));
}

#[test]
fn themes_differ_in_their_colours_alone() {
    let run = run(WEB, 3);
    let scene = scene(run.world(), None, SIZES[0]);
    let [light, dark] =
        [Theme::Light, Theme::Dark].map(|theme| drawn(run.world(), &scene, None, theme, Size::AsNeeded));
    assert_ne!(light, dark);
    let without_colours = |text: &str| {
        let mut parts = text.split('#');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + part.get(6..).unwrap_or_default())
    };
    assert_eq!(without_colours(&light), without_colours(&dark));
    for (text, theme) in [(&light, Theme::Light), (&dark, Theme::Dark)] {
        assert!(text.contains(&format!("fill=\"{}\"", theme.palette().bg)));
    }
}

#[test]
fn a_figure_has_the_size_that_is_asked_for_or_the_height_that_it_needs() {
    let run = run(WEB, 3);
    let scene = scene(run.world(), None, SIZES[3]);
    let sides = |size| {
        let text = drawn(run.world(), &scene, None, Theme::Light, size);
        let read = Document::parse(&text).expect("it is XML");
        ["width", "height"].map(|name| number(&read.root_element(), name))
    };
    assert_eq!(sides(Size::Exactly(640, 480)), [640.0, 480.0]);
    let [width, height] = sides(Size::AsNeeded);
    assert_eq!(width, SIZES[3].0);
    assert!(height < SIZES[3].1, "nothing is below the nodes: {height}");
}

#[test]
fn packets_and_failures_are_in_it() {
    let mut run = run(WEB, 3);
    let mut seen = [false; 3];
    let rate = Action::SetRate { client: "browser-to-web".into(), rate_milli: 30_000 };
    run.act(rate).expect("it calls more often");
    let victim = pods(run.world(), "web")[0].name.clone();
    kill(&mut run, &victim);
    for _ in 0..100 {
        pass(&mut run, 100);
        let scene = scene(run.world(), None, SIZES[0]);
        let text = drawn(run.world(), &scene, None, Theme::Light, Size::AsNeeded);
        let read = Document::parse(&text).expect("it is XML");
        let panel = Theme::Light.palette().panel;
        for node in read.root_element().children().filter(|node| node.has_tag_name("circle")) {
            let is_reply = node.attribute("fill") == Some(panel);
            seen[usize::from(is_reply)] = true;
        }
        seen[2] |= read
            .descendants()
            .any(|node| node.text().is_some_and(|text| text.contains("nothing listens on 8080")));
    }
    assert_eq!(seen, [true; 3], "there, back, and refused");
}

#[test]
fn what_is_selected_is_said_and_brought_forward() {
    let run = run(WEB, 3);
    let first = scene(run.world(), None, SIZES[0]);
    let service = &first.facts.services[1];
    let selected = Some(Selection::Service(service.uid));
    let scene = scene(run.world(), selected, SIZES[0]);
    let text = drawn(run.world(), &scene, selected, Theme::Light, Size::AsNeeded);
    assert!(text.contains(&format!("Selected: Service {}.", service.key.name)), "{text}");
    let named = text.matches(&format!("{}</text>", service.key.name)).count();
    assert!(named > first.facts.nodes.len(), "on its card and above each node's rules: {text}");
    let dim = Theme::Light.palette().line2;
    let plain = drawn(run.world(), &first, None, Theme::Light, Size::AsNeeded);
    assert!(text.matches(dim).count() > plain.matches(dim).count(), "others step back");
}

#[test]
fn a_cluster_that_is_empty_has_a_figure() {
    let (mut run, _) =
        Run::new(&parse("apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {}\n"), Some(7));
    run.advance_to(run.world().now() + Span::from_secs(2), u64::MAX);
    let scene = scene(run.world(), None, SIZES[0]);
    let text = drawn(run.world(), &scene, None, Theme::Light, Size::AsNeeded);
    assert!(
        Document::parse(&text)
            .is_ok_and(|read| read.descendants().any(|node| node.text() == Some("OUTSIDE")))
    );
}
