//! `packetyard picture` draws what the page draws. What holds in every figure is tested with the painter.

use std::path::{Path, PathBuf};

use crate::support::{Temporary, packetyard};

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../public/scenarios").join(name).with_extension("yaml")
}

fn drawn(args: &[&str], file: &Path) -> String {
    let (ok, out, err) = packetyard(&[&["picture", "-q"], args].concat(), file);
    assert!(ok, "{args:?}: {err}");
    assert!(out.starts_with("<svg xmlns=") && out.ends_with("</svg>\n"), "{out}");
    out
}

fn refused(args: &[&str], file: &Path) -> String {
    let (ok, out, err) = packetyard(&[&["picture", "-q"], args].concat(), file);
    assert!(!ok && out.is_empty(), "{args:?}: {out}");
    err
}

#[test]
fn a_figure_has_everything_at_its_moment() {
    let shop = scenario("shop");
    let figure = drawn(&["--at", "6s"], &shop);
    assert!(figure.contains("<title>4 Services on 3 nodes at 6.000 s</title>"), "{figure}");
    for name in ["Client browser-to-front,", "Service payment,", "Node node-3,", "Pod front-"] {
        assert!(figure.contains(&format!("<title>{name}")), "{name}: {figure}");
    }
    assert_eq!(drawn(&["--at", "6s", "-o", "svg"], &shop), figure);
    assert_ne!(drawn(&["--at", "6.2s"], &shop), figure);
    assert!(drawn(&[], &shop).contains("3 nodes as the clients begin</title>"));
}

#[test]
fn a_size_is_kept_and_a_theme_is_taken() {
    let shop = scenario("shop");
    let figure = drawn(&["--size", "640x480", "--theme", "dark"], &shop);
    assert!(figure.contains(" width=\"640\" height=\"480\" "), "{figure}");
    assert!(figure.contains("fill=\"#0f141a\""), "{figure}");
    assert!(drawn(&[], &shop).contains(" width=\"1200\" height=\""));
    for size in ["199x700", "700x10001", "700", "1200X700", "-1x700"] {
        let why = refused(&[&format!("--size={size}")], &shop);
        assert!(why.contains("is no size such as 1200x700, with sides of 200 to 10000 pixels"), "{why}");
    }
}

#[test]
fn what_is_selected_is_named_as_elsewhere() {
    let shop = scenario("shop");
    for (object, name) in [
        ("svc/cart", "Service cart"),
        ("service/default/cart", "Service cart"),
        ("node/node-2", "Node node-2"),
        ("deploy/front", "Deployment front"),
        ("client/browser-to-front", "browser-to-front"),
    ] {
        let figure = drawn(&["--select", object], &shop);
        assert!(figure.contains(&format!("Selected: {name}.</desc>")), "{object}: {figure}");
    }
    for (object, expected) in [
        ("svc/tea", "packetyard: svc/tea not found\n"),
        ("pod/other/tea", "packetyard: pod/other/tea not found\n"),
        ("client/tea", "packetyard: client \"tea\" not found\n"),
        (
            "kettle/tea",
            "packetyard: --select kettle/tea: the server doesn't have a resource type \"kettle\"\n",
        ),
        ("ns/default", "packetyard: --select ns/default: the picture has Pods, what makes them, Services, "),
        (
            "svc/kube-dns",
            "packetyard: --select svc/kube-dns: it is the cluster's own, which --system shows\n",
        ),
        ("tea", "packetyard: --select tea: write pod/NAME, pod/NAMESPACE/NAME, node/NAME, client/NAME ...\n"),
    ] {
        let why = refused(&["--select", object], &shop);
        assert!(why.starts_with(expected), "{object}: {why}");
    }
    let figure = drawn(&["--select", "svc/kube-dns", "--system"], &shop);
    assert!(figure.contains("Selected: Service kube-dns.</desc>"), "{figure}");
}

#[test]
fn of_two_objects_of_a_name_the_namespace_is_asked_for() {
    let service = |namespace: &str| {
        format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}\n---\n\
             {{apiVersion: v1, kind: Service, metadata: {{name: web, namespace: {namespace}}}, spec: {{ports: [{{port: 80}}]}}}}\n---\n"
        )
    };
    let file = Temporary::new("two-webs.yaml", &[service("one"), service("two")].concat());
    let why = refused(&["--select", "svc/web"], &file.0);
    let expected =
        "packetyard: --select svc/web: there is one in each of one, two; write svc/NAMESPACE/web\n";
    assert_eq!(why, expected);
    assert!(drawn(&["--select", "svc/two/web"], &file.0).contains("Selected: Service web."));
}

#[test]
fn who_is_gone_is_seen_for_a_while() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../cluster/tests/scenarios/myth-a-terminating-pod-stops-at-once/input.yaml");
    let ghost = "<title>Pod w1 is gone, and its replacement does not run yet</title>";
    let has_ghost = |at: &str| drawn(&["--at", at], &file).contains(ghost);
    assert_eq!(["11s", "16s", "25s"].map(has_ghost), [false, true, false]);
}
