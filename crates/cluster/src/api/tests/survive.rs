//! No text makes the core panic, and every tree that is printed reads back the same.

use proptest::prelude::*;

use crate::api::{Entry, Position, Tree, Value, decode_object, parse, to_json, to_yaml};

const MANIFEST: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  labels: {app: 'x'}\nspec:\n  type: NodePort\n  selector: &s\n    app: web\n  ports:\n  - port: 80\n    targetPort: \"http\"\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 3\n  selector: {matchLabels: &l {app: web}}\n  template:\n    metadata: {labels: {<<: *l}}\n    spec:\n      containers:\n      - name: c\n        image: i\n        args: [\"-c\", |\n          text\n          ]\n        readinessProbe: {httpGet: {port: 80}}\n---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {seed: 1, at: 1s, actions: [{at: 1s, do: addNode}]}\n";

const PIECES: [&str; 44] = [
    "\n",
    "\n  ",
    "\n\t",
    " ",
    ": ",
    "- ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a ",
    "*a",
    "<<: ",
    "|",
    ">-",
    "'",
    "\"",
    "\\",
    "#",
    "---\n",
    "...\n",
    "--- ",
    "%YAML 1.2\n",
    "!!int ",
    "!x ",
    "~",
    "yes",
    "0x",
    "1e9",
    ".inf",
    "\u{feff}",
    "\r\n",
    "\u{85}",
    "\u{2028}",
    "é",
    "😀",
    "a",
    "kind: ",
    "spec:",
    "items:",
    "\0",
    "\u{7f}",
];

fn text_of_pieces() -> impl Strategy<Value = String> {
    proptest::collection::vec(0..PIECES.len(), 0..60)
        .prop_map(|picks| picks.iter().map(|i| PIECES[*i]).collect())
}

/// The manifest with parts cut, doubled and overwritten.
pub fn mutated() -> impl Strategy<Value = String> {
    let edit = (0..MANIFEST.len(), 0..MANIFEST.len(), 0..PIECES.len(), 0..3u8);
    proptest::collection::vec(edit, 1..6).prop_map(|edits| {
        edits.iter().fold(MANIFEST.to_string(), |text, (from, to, piece, how)| {
            let chars: Vec<char> = text.chars().collect();
            let from = from % (chars.len() + 1);
            let to = (from + to % 20).min(chars.len());
            let part = |range: std::ops::Range<usize>| chars[range].iter().collect::<String>();
            let middle = match how {
                0 => String::new(),
                1 => PIECES[*piece].to_string(),
                _ => part(from..to) + &part(from..to),
            };
            part(0..from) + &middle + &part(to..chars.len())
        })
    })
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let text = "\\PC{0,10}|[ -~\\n\\t]{0,24}|[-:?#,yn~0-9.<> ]{0,5}|(\u{feff}a|a\u{85}b|\u{2028}|\\x07|\r\n|a\\n\\n|\\n|a \\n|---|--- a|\\.\\.\\.|key: \\|)";
    let key = "[a-z<:#? -]{0,6}|\\PC{0,6}|k{140}|(yes|1|~)";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        "-?[1-9][0-9]{0,3}\\.[0-9]{0,3}[1-9]".prop_map(|s: String| Value::Float(s.as_str().into())),
        text.prop_map(|s: String| Value::String(s.as_str().into())),
    ]
    .prop_map(Tree::new);
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Tree::seq),
            proptest::collection::btree_map(key, inner, 0..4).prop_map(|map| {
                let entry = |(key, value): (String, Tree)| Entry {
                    key: key.as_str().into(),
                    position: Position::NONE,
                    value,
                };
                Tree::new(Value::Map(std::sync::Arc::new(map.into_iter().map(entry).collect())))
            }),
        ]
    })
}

/// The tree as some object's data.
fn object_with(data: Tree) -> Tree {
    let mut tree = Tree::map();
    tree.put("apiVersion", Tree::string("v1"));
    tree.put("kind", Tree::string("ConfigMap"));
    let mut meta = Tree::map();
    meta.put("name", Tree::string("a"));
    tree.put("metadata", meta);
    tree.put("data", data);
    tree
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").ok().and_then(|c| c.parse().ok()).unwrap_or(400), ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,80}|[\\x00-\\xff]{0,80}") {
        parse(&text);
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_pieces(text in text_of_pieces()) {
        parse(&text);
    }

    #[test]
    fn mutated_manifests(text in mutated()) {
        for object in parse(&text).objects {
            let printed = to_yaml(&object.source.tree);
            prop_assert_eq!(&parse(&printed).objects[0].source.tree, &object.source.tree, "{}", printed);
        }
    }

    #[test]
    fn any_tree_as_an_object(tree in any_tree()) {
        decode_object(&tree);
        let mut object = object_with(Tree::new(Value::Null));
        for (kind, version) in [("Pod", "v1"), ("Service", "v1"), ("Deployment", "apps/v1"), ("Node", "v1")] {
            object.put("kind", Tree::string(kind));
            object.put("apiVersion", Tree::string(version));
            object.put("spec", tree.clone());
            decode_object(&object);
        }
    }

    #[test]
    fn yaml_reads_back(tree in any_tree()) {
        let object = object_with(tree);
        let printed = to_yaml(&object);
        let again = parse(&printed);
        prop_assert_eq!(&again.diagnostics, &vec![], "{}", printed);
        prop_assert_eq!(&again.objects[0].source.tree, &object, "{}", printed);
    }

    #[test]
    fn json_reads_back(tree in any_tree()) {
        let object = object_with(tree);
        for printed in [to_json(&object), crate::api::to_json_indented(&object)] {
            let again = parse(&printed);
            prop_assert_eq!(&again.objects[0].source.tree, &object, "{}", printed);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&printed).is_ok());
        }
    }
}
