//! Objects of kinds that are not simulated are listed as kubectl lists any other.

use serde_json::json;

use crate::support::{json, manifest, packetyard};

#[test]
fn a_list_of_others_is_a_plain_list() {
    let list = json(&["get", "others"], &manifest("stateful.yaml"));
    let keys: Vec<&String> = list.as_object().expect("a map").keys().collect();
    assert_eq!(keys, ["apiVersion", "items", "kind", "metadata"]);
    assert_eq!(
        (&list["apiVersion"], &list["kind"], &list["metadata"]),
        (&json!("v1"), &json!("List"), &json!({"resourceVersion": ""}))
    );
    let named = |item: &serde_json::Value| {
        (item["apiVersion"].clone(), item["kind"].clone(), item["metadata"]["name"].clone())
    };
    let items: Vec<_> = list["items"].as_array().expect("a list").iter().map(named).collect();
    let claim = |name: &str| (json!("v1"), json!("PersistentVolumeClaim"), json!(name));
    assert_eq!(items, ["data-store-0", "data-store-1", "data-store-2"].map(claim));
}

#[test]
fn their_names_are_of_their_own_resource() {
    let (ok, out, err) = packetyard(&["get", "others", "-o", "name", "-q"], &manifest("stateful.yaml"));
    assert!(ok, "{err}");
    let names = ["data-store-0", "data-store-1", "data-store-2"];
    assert_eq!(out, names.map(|name| format!("persistentvolumeclaim/{name}\n")).concat());
}
