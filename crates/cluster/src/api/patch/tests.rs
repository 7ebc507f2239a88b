//! Patches by the examples of their specifications, and of upstream's documentation.

use super::{OperationProblem, PatchProblem, PatchType, patched};
use crate::api::{Kind, Tree, parse, to_json};

/// A value of the flow style.
fn tree(value: &str) -> Tree {
    let text = format!("{{apiVersion: a/v1, kind: A, metadata: {{name: a}}, value: {value}}}\n");
    let manifest = parse(&text);
    manifest.objects[0].source.tree.field("value").expect("it is written").clone()
}

fn patch(kind: &Kind, type_: PatchType, live: &str, patch: &str) -> Result<String, PatchProblem> {
    patched(kind, type_, &tree(live), &tree(patch)).map(|tree| to_json(&tree))
}

#[test]
fn strategic_merge_patches() {
    let pod = |containers: &str| format!("{{spec: {{containers: {containers}}}}}");
    let deployment = |strategy: &str| format!("{{spec: {{strategy: {strategy}}}}}");
    for (kind, live, with, expected) in [
        (Kind::Pod, "{a: 1, b: 2}".to_owned(), "{b: null, c: 3}".to_owned(), r#"{"a":1,"c":3}"#),
        // Lists are replaced, but for those that have a merge key.
        (Kind::Pod, "{a: [1, 2]}".into(), "{a: [3]}".into(), r#"{"a":[3]}"#),
        (
            Kind::Pod,
            pod("[{name: a, image: i}, {name: b, image: j}]"),
            pod("[{name: c, image: k}, {name: a, image: l}]"),
            r#"{"spec":{"containers":[{"name":"c","image":"k"},{"name":"a","image":"l"},{"name":"b","image":"j"}]}}"#,
        ),
        (
            Kind::Pod,
            pod("[{name: a}, {name: b}]"),
            pod("[{name: a, $patch: delete}]"),
            r#"{"spec":{"containers":[{"name":"b"}]}}"#,
        ),
        (
            Kind::Pod,
            pod("[{name: a}, {name: b}]"),
            pod("[{name: c}, {$patch: replace}]"),
            r#"{"spec":{"containers":[{"name":"c"}]}}"#,
        ),
        (
            Kind::Pod,
            pod("[{name: a}, {name: x}, {name: b}]"),
            "{spec: {$setElementOrder/containers: [{name: b}, {name: a}], containers: [{name: a, image: i}]}}".into(),
            r#"{"spec":{"containers":[{"name":"x"},{"name":"b"},{"name":"a","image":"i"}]}}"#,
        ),
        (
            Kind::Deployment,
            deployment("{type: RollingUpdate, rollingUpdate: {maxSurge: 1}}"),
            deployment("{$retainKeys: [type], type: Recreate}"),
            r#"{"spec":{"strategy":{"type":"Recreate"}}}"#,
        ),
        (
            Kind::Deployment,
            deployment("{type: RollingUpdate, rollingUpdate: {maxSurge: 1}}"),
            deployment("{$patch: replace, type: Recreate}"),
            r#"{"spec":{"strategy":{"type":"Recreate"}}}"#,
        ),
        (
            Kind::Pod,
            "{metadata: {finalizers: [a/a, b/b]}}".into(),
            "{metadata: {finalizers: [c/c, b/b], $deleteFromPrimitiveList/finalizers: [a/a]}}".into(),
            r#"{"metadata":{"finalizers":["c/c","b/b"]}}"#,
        ),
        (
            Kind::PodDisruptionBudget,
            "{spec: {selector: {matchLabels: {a: b}}}}".into(),
            "{spec: {selector: {matchLabels: {c: d}}}}".into(),
            r#"{"spec":{"selector":{"matchLabels":{"c":"d"}}}}"#,
        ),
        (
            Kind::Pod,
            pod("[{name: a}, {name: b}]"),
            pod("[{name: b}, {name: a}]"),
            r#"{"spec":{"containers":[{"name":"b"},{"name":"a"}]}}"#,
        ),
        // A directive about what is not there says nothing.
        (Kind::Pod, "{}".into(), "{a: {$patch: replace, b: 1}}".into(), "{}"),
        // What is null in something new is not there.
        (Kind::Pod, "{}".into(), "{a: {b: null, c: 1}}".into(), r#"{"a":{"c":1}}"#),
    ] {
        assert_eq!(patch(&kind, PatchType::Strategic, &live, &with).as_deref(), Ok(expected), "{live} with {with}");
    }
    let strategic = |kind: &Kind, with: &str| patch(kind, PatchType::Strategic, "{}", with);
    assert_eq!(strategic(&Kind::Pod, "[1]"), Err(PatchProblem::NotAnObject));
    assert_eq!(
        strategic(&Kind::Pod, "{$patch: x}"),
        Err(PatchProblem::UnknownDirective { value: "\"x\"".into() })
    );
    assert_eq!(
        strategic(&Kind::Pod, "{spec: {containers: [{image: i}]}}"),
        Err(PatchProblem::NoMergeKey { key: "name" })
    );
    assert_eq!(strategic(&Kind::Other("Backup".into()), "{a: 1}"), Err(PatchProblem::NotStrategic));
    let strategy = "{spec: {strategy: {$retainKeys: [type], type: Recreate, rollingUpdate: RATHER}}}";
    assert_eq!(
        strategic(&Kind::Deployment, &strategy.replace("RATHER", "{}")),
        Err(PatchProblem::RetainKeys)
    );
    let expected = r#"{"spec":{"strategy":{"type":"Recreate"}}}"#;
    assert_eq!(strategic(&Kind::Deployment, &strategy.replace("RATHER", "null")).as_deref(), Ok(expected));
    for (order, is_right) in [
        ("[{name: a}, {name: x}, {name: b}]", true),
        ("[]", true),
        ("[{name: b}, {name: a}]", false),
        ("[{name: a}]", false),
        ("a", false),
    ] {
        let containers = "[{name: a, image: i}, {name: c, $patch: delete}, {name: b, image: j}]";
        let with = format!("{{spec: {{$setElementOrder/containers: {order}, containers: {containers}}}}}");
        let found =
            patch(&Kind::Pod, PatchType::Strategic, "{spec: {containers: [{name: x}, {name: c}]}}", &with);
        let refused = found == Err(PatchProblem::ElementOrder { list: "containers".into() });
        assert_eq!((found.is_ok(), refused), (is_right, !is_right), "{order}");
    }
}

/// RFC 7386, appendix A.
#[test]
fn json_merge_patches() {
    for (live, with, expected) in [
        ("{a: b}", "{a: c}", r#"{"a":"c"}"#),
        ("{a: b}", "{b: c}", r#"{"a":"b","b":"c"}"#),
        ("{a: b}", "{a: null}", "{}"),
        ("{a: b, b: c}", "{a: null}", r#"{"b":"c"}"#),
        ("{a: [b]}", "{a: c}", r#"{"a":"c"}"#),
        ("{a: c}", "{a: [b]}", r#"{"a":["b"]}"#),
        ("{a: {b: c}}", "{a: {b: d, c: null}}", r#"{"a":{"b":"d"}}"#),
        ("{a: [{b: c}]}", "{a: [1]}", r#"{"a":[1]}"#),
        ("{e: null}", "{a: 1}", r#"{"e":null,"a":1}"#),
        ("[1, 2]", "{a: b, c: null}", r#"{"a":"b"}"#),
        ("{}", "{a: {bb: {ccc: null}}}", r#"{"a":{"bb":{}}}"#),
    ] {
        assert_eq!(
            patch(&Kind::Pod, PatchType::Merge, live, with).as_deref(),
            Ok(expected),
            "{live} with {with}"
        );
    }
    assert_eq!(patch(&Kind::Pod, PatchType::Merge, "{a: b}", "[c]"), Err(PatchProblem::NotAnObject));
}

/// RFC 6902, appendix A, and what evanphx/json-patch makes of indexes.
#[test]
fn json_patches() {
    for (live, with, expected) in [
        ("{foo: bar}", "[{op: add, path: /baz, value: qux}]", r#"{"foo":"bar","baz":"qux"}"#),
        ("{foo: [bar, baz]}", "[{op: add, path: /foo/1, value: qux}]", r#"{"foo":["bar","qux","baz"]}"#),
        ("{foo: [bar]}", "[{op: add, path: /foo/-, value: [a]}]", r#"{"foo":["bar",["a"]]}"#),
        ("{baz: qux, foo: bar}", "[{op: remove, path: /baz}]", r#"{"foo":"bar"}"#),
        ("{foo: [bar, qux, baz]}", "[{op: remove, path: /foo/1}]", r#"{"foo":["bar","baz"]}"#),
        ("{foo: [bar, qux]}", "[{op: remove, path: /foo/-1}]", r#"{"foo":["bar"]}"#),
        ("{baz: qux, foo: bar}", "[{op: replace, path: /baz, value: boo}]", r#"{"baz":"boo","foo":"bar"}"#),
        ("{a: {b: 1}, c: {}}", "[{op: move, from: /a/b, path: /c/d}]", r#"{"a":{},"c":{"d":1}}"#),
        ("{a: [1, 2, 3]}", "[{op: move, from: /a/0, path: /a/2}]", r#"{"a":[2,3,1]}"#),
        ("{a: {b: 1}}", "[{op: copy, from: /a, path: /c}]", r#"{"a":{"b":1},"c":{"b":1}}"#),
        (
            "{a/b: 1, m~n: 2}",
            "[{op: test, path: /a~1b, value: 1}, {op: test, path: /m~0n, value: 2}]",
            r#"{"a/b":1,"m~n":2}"#,
        ),
        ("{a: 1}", "[{op: replace, path: '', value: {b: 2}}]", r#"{"b":2}"#),
        ("{a: 1}", "[]", r#"{"a":1}"#),
        (
            "{a: {}}",
            "[{op: replace, path: /a/b, value: 2}, {op: test, path: /c, value: null}]",
            r#"{"a":{"b":2}}"#,
        ),
        ("{a: {b: 1, c: 2}}", "[{op: test, path: /a, value: {c: 2, b: 1}}]", r#"{"a":{"b":1,"c":2}}"#),
        ("{a: [1, 2]}", "[{op: add, path: /a/-1, value: 3}]", r#"{"a":[1,2,3]}"#),
    ] {
        assert_eq!(
            patch(&Kind::Pod, PatchType::Json, live, with).as_deref(),
            Ok(expected),
            "{live} with {with}"
        );
    }
    for (live, with, index, problem) in [
        (
            "{a: 1}",
            "[{op: test, path: /a, value: 1}, {op: test, path: /a, value: 2}]",
            1,
            OperationProblem::NotEqual,
        ),
        ("{a: [1]}", "[{op: replace, path: /a/1, value: 2}]", 0, OperationProblem::NoSuchPath),
        ("{a: 1}", "[{op: add, path: /b/c, value: 2}]", 0, OperationProblem::NoSuchPath),
        ("{a: [1]}", "[{op: add, path: /a/2, value: 2}]", 0, OperationProblem::NoSuchPath),
        ("{a: [1]}", "[{op: remove, path: /a/1}]", 0, OperationProblem::NoSuchPath),
        ("{a: 1}", "[{op: remove, path: ''}]", 0, OperationProblem::NoSuchPath),
        ("{a: 1}", "[{op: add, path: b, value: 2}]", 0, OperationProblem::NotAPointer),
        ("{a: 1}", "[{op: swap, path: /b, value: 2}]", 0, OperationProblem::UnknownOperation),
        ("{a: 1}", "[{op: add, path: /b}]", 0, OperationProblem::Missing { field: "value" }),
        ("{a: 1}", "[{op: add, value: 1}]", 0, OperationProblem::Missing { field: "path" }),
    ] {
        let expected = Err(PatchProblem::Operation { index, problem });
        assert_eq!(patch(&Kind::Pod, PatchType::Json, live, with), expected, "{live} with {with}");
    }
    assert_eq!(patch(&Kind::Pod, PatchType::Json, "{}", "{a: 1}"), Err(PatchProblem::NotAList));
}

/// Each copy would double the object, or make it twice as deep.
#[test]
fn what_a_json_patch_adds_has_a_limit() {
    let copies =
        |from: &str, path: &str| vec![format!("{{op: copy, from: '{from}', path: '{path}'}}"); 40].join(", ");
    for operations in [copies("", "/a/-"), copies("/a", "/a/0")] {
        let found = patch(&Kind::Pod, PatchType::Json, "{a: [1]}", &format!("[{operations}]"));
        let is_too_large = matches!(
            found,
            Err(PatchProblem::Operation { problem: OperationProblem::TooLarge, index }) if index > 3
        );
        assert!(is_too_large, "{operations}: {found:?}");
    }
}
