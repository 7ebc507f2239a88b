//! The form in which objects are compared: without what is new in every run, and with what is drawn by chance made equal.

use serde_json::{Map, Value, json};

/// Of no run of which there are two alike.
const TRIMMED: &[&str] = &[
    "completionTime",
    "containerID",
    "creationTimestamp",
    "deletionTimestamp",
    "finishedAt",
    "imageID",
    "lastHeartbeatTime",
    "lastProbeTime",
    "lastScheduleTime",
    "lastSuccessfulTime",
    "lastTransitionTime",
    "lastUpdateTime",
    "managedFields",
    "renewTime",
    "resourceVersion",
    "startTime",
    "startedAt",
    "timeAdded",
    "uid",
];

const TRIMMED_ANNOTATIONS: &[&str] =
    &["endpoints.kubernetes.io/last-change-trigger-time", "kubectl.kubernetes.io/last-applied-configuration"];

pub fn trim(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut out = Map::new();
            for (key, mut value) in fields {
                if TRIMMED.contains(&&*key) {
                    continue;
                }
                if let ("annotations", Some(annotations)) = (&*key, value.as_object_mut()) {
                    if let Some(moment) = annotations.get_mut("kubectl.kubernetes.io/restartedAt") {
                        *moment = json!("<time>");
                    }
                    annotations.retain(|key, _| !TRIMMED_ANNOTATIONS.contains(&&**key) && !is_recorders(key));
                    if annotations.is_empty() {
                        continue;
                    }
                }
                out.insert(key, trim(value));
            }
            Value::Object(out)
        }
        Value::Array(items) => items.into_iter().map(trim).collect(),
        value => value,
    }
}

/// By such annotations the recorder told its fake kubelet what to do: no domain is before the slash.
fn is_recorders(key: &str) -> bool {
    key.split_once('/').is_some_and(|(prefix, _)| !prefix.contains('.'))
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// What belongs to the cluster itself.
pub fn is_system(object: &Value) -> bool {
    const SYSTEM: &[&str] = &["kube-node-lease", "kube-public", "kube-system"];
    let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
    let namespace = text(object, "/metadata/namespace");
    SYSTEM.contains(&namespace)
        || (kind == "Namespace" && SYSTEM.contains(&name))
        || (namespace == "default"
            && name == "kubernetes"
            && ["EndpointSlice", "Endpoints", "Service"].contains(&kind))
}

/// Namespace and name; the name is the same in all runs.
pub fn key_of(object: &Value) -> String {
    format!("{}/{}", text(object, "/metadata/namespace"), text(object, "/metadata/name"))
}

/// `namespace/name` without what is drawn by chance.
fn name_of(object: &Value) -> String {
    let name = text(object, "/metadata/name");
    let has_hash = object.pointer("/metadata/labels/pod-template-hash").is_some();
    let owner = text(object, "/metadata/ownerReferences/0/kind");
    let name = match owner {
        "ReplicaSet" if has_hash => without_parts(name, 2, "-HASH-*"),
        "ReplicaSet" | "Service" | "DaemonSet" | "ReplicationController" | "Job" | "Endpoints"
            if is_drawn(last_part(name)) =>
        {
            without_parts(name, 1, "-*")
        }
        "Deployment" => without_parts(name, 1, "-HASH"),
        _ if text(object, "/kind") == "ControllerRevision" => {
            without_parts(name, 1, &format!("-HASH@{}", object["revision"]))
        }
        _ => name.to_string(),
    };
    minutes(&name)
}

fn last_part(name: &str) -> &str {
    name.rsplit('-').next().unwrap_or_default()
}

/// Five characters, as `generateName` gives.
fn is_drawn(part: &str) -> bool {
    part.len() == 5 && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Of a Pod's or slice's name only characters of apimachinery's rand are drawn.
fn is_strictly_drawn(part: &str) -> bool {
    part.len() == 5 && part.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b))
}

fn without_parts(name: &str, count: usize, end: &str) -> String {
    let parts: Vec<&str> = name.split('-').collect();
    format!("{}{end}", parts[..parts.len().saturating_sub(count)].join("-"))
}

/// A CronJob's Job is named after the minute that it is for.
fn minutes(name: &str) -> String {
    let is_minute = |part: &str| part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = name.split('-').collect();
    let parts = parts.iter().enumerate().map(|(place, part)| match place > 0 && is_minute(part) {
        true => "MINUTE",
        false => part,
    });
    parts.collect::<Vec<_>>().join("-")
}

/// `real` for a name that something refers to.
fn reference(name: &str) -> String {
    let parts: Vec<&str> = name.split('-').collect();
    match parts.as_slice() {
        [.., before, last] if is_strictly_drawn(last) => {
            let is_hash =
                parts.len() > 2 && before.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            without_parts(name, if is_hash { 2 } else { 1 }, "-*")
        }
        _ => name.to_string(),
    }
}

pub fn normal(mut object: Value, input: &str) -> Value {
    let name = name_of(&object);
    for (label, word) in [
        ("pod-template-hash", "HASH"),
        ("controller-revision-hash", "REVISION"),
        ("controller.kubernetes.io~1hash", "REVISION"),
    ] {
        let hash = text(&object, &format!("/metadata/labels/{label}")).to_string();
        if !hash.is_empty() {
            each_text(&mut object, &|text| text.replace(&hash, word));
        }
    }
    each_text(&mut object, &|text| minutes(&uids(text)));
    object["metadata"]["name"] = json!(name);
    match text(&object, "/kind").to_string().as_str() {
        "Pod" => pod(&mut object, input),
        "Service" => service(&mut object, input),
        "ControllerRevision" => {
            // A patch of the template: nobody shows it.
            object.as_object_mut().map(|fields| fields.remove("data"));
        }
        "Deployment" => deployment(&mut object),
        "StatefulSet" => {
            for field in ["currentRevision", "updateRevision"] {
                change(&mut object, &format!("/status/{field}"), |text| without_parts(text, 1, "-HASH"));
            }
        }
        "Endpoints" => endpoints(&mut object),
        "Node" => node(&mut object),
        "EndpointSlice" => slice(&mut object),
        _ => {}
    }
    let minute = "/metadata/annotations/batch.kubernetes.io~1cronjob-scheduled-timestamp";
    change(&mut object, minute, |_| "<time>".into());
    by_type(&mut object);
    object
}

/// Every text, but no key.
fn each_text(value: &mut Value, change: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(fields) => fields.values_mut().for_each(|value| each_text(value, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn change(object: &mut Value, path: &str, change: impl Fn(&str) -> String) {
    if let Some(Value::String(text)) = object.pointer_mut(path) {
        *text = change(text);
    }
}

/// UUIDs in a text.
fn uids(text: &str) -> String {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let starts_with_one = |rest: &str| {
        let Some(candidate) = rest.get(..36) else { return false };
        let parts: Vec<&str> = candidate.split('-').collect();
        parts.len() == 5
            && parts.iter().zip(LENGTHS).all(|(part, length)| {
                part.len() == length && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            })
    };
    let (mut out, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        if starts_with_one(rest) {
            out.push_str("UID");
            rest = &rest[36..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// Conditions by their type: their order says nothing.
fn by_type(object: &mut Value) {
    let Some(Value::Array(conditions)) = object.pointer("/status/conditions").cloned() else { return };
    let mut out = Map::new();
    for mut condition in conditions {
        let type_ = condition.as_object_mut().and_then(|fields| fields.remove("type"));
        if let Some(Value::String(type_)) = type_ {
            out.insert(type_, condition);
        }
    }
    object["status"]["conditions"] = Value::Object(out);
}

/// Which node has it, and so its address and zone, other tests say.
fn pod(pod: &mut Value, input: &str) {
    change(pod, "/spec/nodeName", |node| if input.contains(node) { node.into() } else { "<node>".into() });
    for path in ["/status/podIP", "/status/hostIP"] {
        change(pod, path, |_| "<ip>".into());
    }
    for path in ["/status/podIPs", "/status/hostIPs"] {
        if let Some(Value::Array(ips)) = pod.pointer_mut(path) {
            ips.fill(json!("<ip>"));
        }
    }
    let zone = "topology.kubernetes.io/zone";
    change(pod, "/metadata/labels/topology.kubernetes.io~1zone", |value| {
        let is_written = input.lines().any(|line| {
            let after =
                line.split_once(zone).map(|(_, after)| after.trim_start_matches(['"', '\'', ':', ' ']));
            after.is_some_and(|after| {
                after.strip_prefix(value).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
            })
        });
        if is_written { value.into() } else { "<zone>".into() }
    });
    let token = |name: &mut Value| {
        if name.as_str().is_some_and(|name| name.starts_with("kube-api-access-")) {
            *name = json!("kube-api-access-*");
        }
    };
    each_item(pod, "/spec/volumes", |volume| token(&mut volume["name"]));
    for list in ["/spec/containers", "/spec/initContainers"] {
        each_item(pod, list, |container| {
            each_item(container, "/volumeMounts", |mount| token(&mut mount["name"]));
        });
    }
}

fn each_item(value: &mut Value, path: &str, change: impl FnMut(&mut Value)) {
    if let Some(Value::Array(items)) = value.pointer_mut(path) {
        items.iter_mut().for_each(change);
    }
}

/// The hash of a template is Go's printout there, and ours here (control/names.rs).
fn deployment(deployment: &mut Value) {
    each_item(deployment, "/status/conditions", |condition| {
        change(condition, "/message", template_hashes);
    });
}

/// `ReplicaSet "web-HASH" has ...`
fn template_hashes(message: &str) -> String {
    let mut parts: Vec<String> = message.split('"').map(str::to_string).collect();
    if let [_, name, _] = &mut parts[..] {
        *name = without_parts(name, 1, "-HASH");
    }
    parts.join("\"")
}

/// What is allocated and not written.
fn service(service: &mut Value, input: &str) {
    let allocated = |value: &mut Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        if text != "None" && !input.contains(&text) {
            *value = json!("<allocated>");
        }
    };
    for path in ["/spec/clusterIP", "/spec/healthCheckNodePort"] {
        if let Some(value) = service.pointer_mut(path) {
            allocated(value);
        }
    }
    each_item(service, "/spec/clusterIPs", allocated);
    each_item(service, "/spec/ports", |port| {
        if let Some(node_port) = port.get_mut("nodePort") {
            allocated(node_port);
        }
    });
    each_item(service, "/status/loadBalancer/ingress", |ingress| {
        if ingress.get("ip").is_some() {
            ingress["ip"] = json!("<ip>");
        }
    });
}

/// Without what only its kubelet says, which was a fake there: labels of the machine, what the kubelet is, and that
/// nothing presses.
fn node(node: &mut Value) {
    const LABELS: [&str; 5] = [
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "kubernetes.io/arch",
        "kubernetes.io/hostname",
        "kubernetes.io/os",
    ];
    let mut retain = |path: &str, keep: &dyn Fn(&str) -> bool| {
        if let Some(Value::Object(fields)) = node.pointer_mut(path) {
            fields.retain(|key, _| keep(key));
        }
        let (parent, own) = path.rsplit_once('/').expect("a path has a parent");
        if let Some(Value::Object(fields)) = node.pointer_mut(parent) {
            fields.retain(|key, value| key != own || value.as_object().is_none_or(|map| !map.is_empty()));
        }
    };
    retain("/metadata/labels", &|label| !LABELS.contains(&label));
    retain("/metadata/annotations", &|key| key != "volumes.kubernetes.io/controller-managed-attach-detach");
    retain("/status", &|field| !["capacity", "daemonEndpoints", "nodeInfo"].contains(&field));
    if let Some(Value::Array(conditions)) = node.pointer_mut("/status/conditions") {
        conditions.retain(|condition| condition["type"] == "Ready");
    }
}

fn endpoints(endpoints: &mut Value) {
    each_item(endpoints, "/subsets", |subset| {
        for list in ["addresses", "notReadyAddresses"] {
            each_item(subset, &format!("/{list}"), |address| {
                if address.get("targetRef").is_some() {
                    change(address, "/targetRef/name", reference);
                    address["ip"] = json!("<ip>");
                    address["nodeName"] = json!("<node>");
                }
            });
            sort(subset, list);
        }
    });
}

fn slice(slice: &mut Value) {
    slice["metadata"].as_object_mut().map(|fields| fields.remove("generation"));
    let manager = text(slice, "/metadata/labels/endpointslice.kubernetes.io~1managed-by");
    let is_managed = manager == "endpointslice-controller.k8s.io";
    each_item(slice, "/endpoints", |endpoint| {
        if endpoint.get("targetRef").is_none() {
            return;
        }
        change(endpoint, "/targetRef/name", reference);
        if !is_managed {
            return;
        }
        each_item(endpoint, "/addresses", |address| *address = json!("<ip>"));
        change(endpoint, "/nodeName", |_| "<nodeName>".into());
        change(endpoint, "/zone", |_| "<zone>".into());
        for hint in ["forZones", "forNodes"] {
            if let Some(value) = endpoint.pointer_mut(&format!("/hints/{hint}")) {
                *value = json!(format!("<{hint}>"));
            }
        }
    });
    sort(slice, "endpoints");
    // In the order of a Go map.
    if is_managed {
        sort(slice, "ports");
    }
}

fn sort(of: &mut Value, list: &str) {
    if let Some(Value::Array(items)) = of.get_mut(list) {
        items.sort_by_key(Value::to_string);
    }
}

/// An Event: type, reason, object, message, without what is drawn by chance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said(pub String, pub String, pub String, pub String);

/// As `get events -o json` prints it.
pub fn said(event: &Value) -> Said {
    let of = |path: &str| text(event, path);
    let about = ["kind", "namespace", "name"].map(|field| of(&format!("/involvedObject/{field}")));
    said_of(of("/type"), of("/reason"), &about.join("/"), of("/message"))
}

/// As it was recorded.
pub fn recorded(event: &Value) -> Said {
    let [type_, reason, object, message] =
        ["type", "reason", "object", "message"].map(|field| text(event, &format!("/{field}")));
    said_of(type_, reason, object, message)
}

fn said_of(type_: &str, reason: &str, object: &str, message: &str) -> Said {
    Said(type_.into(), reason.into(), drawn_names(object), drawn_names(message))
}

/// In `Created pod: web-59d6c8b449-x7k2p` and the like: Pods, ReplicaSets, nodes.
fn drawn_names(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let words: Vec<&str> = text.split(' ').collect();
    for (index, word) in words.iter().enumerate() {
        let before = index.checked_sub(1).map_or("", |index| words[index]);
        let of_set = before == "set" || word.starts_with("ReplicaSet/") && word.matches('-').count() > 0;
        let is_node = ["to", "node"].contains(&before) && word.starts_with("node-");
        out.push(match word {
            _ if is_node => "NODE".into(),
            word if of_set && !is_strictly_drawn(last_part(word)) => without_parts(word, 1, "-HASH"),
            word => {
                let bare = word.trim_end_matches([',', '.', ':']);
                format!("{}{}", minutes(&reference(bare)), &word[bare.len()..])
            }
        });
    }
    out.join(" ")
}
