//! What is in no namespace.

use cluster::api::Tree;

use super::{Printer, around_age, name};
use crate::get::object::{Document, Object, join, or_none};
use crate::table::{always, wide};

pub const NODE: Printer = Printer {
    columns: &[
        always("NAME"),
        always("STATUS"),
        always("ROLES"),
        always("AGE"),
        always("VERSION"),
        wide("INTERNAL-IP"),
        wide("EXTERNAL-IP"),
        wide("OS-IMAGE"),
        wide("KERNEL-VERSION"),
        wide("CONTAINER-RUNTIME"),
    ],
    cells: node,
};

fn node(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let info = |field: &str| match tree.text(&format!("status.nodeInfo.{field}")) {
        text if text.is_empty() => "<unknown>".into(),
        text => text,
    };
    let kernel = match tree.text("status.nodeInfo.architecture") {
        architecture if architecture.is_empty() => info("kernelVersion"),
        architecture => format!("{} ({architecture})", info("kernelVersion")),
    };
    let after = [
        tree.text("status.nodeInfo.kubeletVersion"),
        address(tree, "InternalIP"),
        address(tree, "ExternalIP"),
        info("osImage"),
        kernel,
        info("containerRuntimeVersion"),
    ];
    around_age(object, [node_status(tree), roles(object)], after)
}

fn node_status(tree: &Tree) -> String {
    let ready = tree.list("status.conditions").iter().find(|condition| condition.text("type") == "Ready");
    let status = match ready.map(|condition| condition.text("status")) {
        None => "Unknown",
        Some(status) if status == "True" => "Ready",
        Some(_) => "NotReady",
    };
    let unschedulable = if tree.flag("spec.unschedulable") { ",SchedulingDisabled" } else { "" };
    format!("{status}{unschedulable}")
}

/// The first of its type.
fn address(tree: &Tree, type_: &str) -> String {
    let found = tree.list("status.addresses").iter().find(|address| address.text("type") == type_);
    or_none(found.map_or(String::new(), |address| address.text("address")))
}

/// findNodeRoles: of `node-role.kubernetes.io/ROLE`, and the value of `kubernetes.io/role`.
fn roles(node: &Object) -> String {
    let role = |(key, value): (&cluster::api::Str, &cluster::api::Str)| match &**key {
        "kubernetes.io/role" => Some(value.to_string()),
        key => key.strip_prefix("node-role.kubernetes.io/").map(String::from),
    };
    let mut roles: Vec<String> =
        node.meta.labels.iter().filter_map(role).filter(|role| !role.is_empty()).collect();
    roles.sort();
    roles.dedup();
    or_none(join(roles.into_iter()))
}

pub const NAMESPACE: Printer =
    Printer { columns: &[always("NAME"), always("STATUS"), always("AGE")], cells: namespace };

fn namespace(object: &Object) -> Vec<String> {
    let phase = match object.tree.text("status.phase") {
        phase if !phase.is_empty() => phase,
        _ if object.is_deleted() => "Terminating".into(),
        _ => "Active".into(),
    };
    around_age(object, [phase], [])
}

pub const PRIORITY_CLASS: Printer = Printer {
    columns: &[
        always("NAME"),
        always("VALUE"),
        always("GLOBAL-DEFAULT"),
        always("AGE"),
        always("PREEMPTIONPOLICY"),
    ],
    cells: |object| {
        let tree = &object.tree;
        let before = [tree.number("value").to_string(), tree.flag("globalDefault").to_string()];
        around_age(object, before, [tree.text("preemptionPolicy")])
    },
};

pub const SERVICE_CIDR: Printer = Printer {
    columns: &[always("NAME"), always("CIDRS"), always("AGE")],
    cells: |object| {
        let cidrs = object.tree.list("spec.cidrs").iter().filter_map(Tree::as_str);
        around_age(object, [join(cidrs.map(ToString::to_string))], [])
    },
};

pub const STORAGE_CLASS: Printer = Printer {
    columns: &[
        always("NAME"),
        always("PROVISIONER"),
        always("RECLAIMPOLICY"),
        always("VOLUMEBINDINGMODE"),
        always("ALLOWVOLUMEEXPANSION"),
        always("AGE"),
    ],
    cells: storage_class,
};

fn storage_class(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let or = |path: &str, default: &str| match tree.text(path) {
        text if text.is_empty() => default.to_string(),
        text => text,
    };
    vec![
        with_default(object, "storageclass.kubernetes.io/is-default-class"),
        tree.text("provisioner"),
        or("reclaimPolicy", "Delete"),
        or("volumeBindingMode", "Immediate"),
        tree.flag("allowVolumeExpansion").to_string(),
        object.age(),
    ]
}

fn with_default(object: &Object, annotation: &str) -> String {
    let is_default = object.meta.annotations.get(annotation).is_some_and(|value| &**value == "true");
    if is_default { format!("{} (default)", name(object)) } else { name(object) }
}

pub const INGRESS_CLASS: Printer = Printer {
    columns: &[always("NAME"), always("CONTROLLER"), always("PARAMETERS"), always("AGE")],
    cells: ingress_class,
};

fn ingress_class(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let parameters = tree.at("spec.parameters").map_or(String::new(), |parameters| {
        let group = parameters.text("apiGroup");
        let dot = if group.is_empty() { "" } else { "." };
        format!("{}{dot}{group}/{}", parameters.text("kind"), parameters.text("name"))
    });
    vec![
        with_default(object, "ingressclass.kubernetes.io/is-default-class"),
        tree.text("spec.controller"),
        or_none(parameters),
        object.age(),
    ]
}

pub const PERSISTENT_VOLUME: Printer = Printer {
    columns: &[
        always("NAME"),
        always("CAPACITY"),
        always("ACCESS MODES"),
        always("RECLAIM POLICY"),
        always("STATUS"),
        always("CLAIM"),
        always("STORAGECLASS"),
        always("VOLUMEATTRIBUTESCLASS"),
        always("REASON"),
        always("AGE"),
        wide("VOLUMEMODE"),
    ],
    cells: persistent_volume,
};

fn persistent_volume(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let claim =
        tree.at("spec.claimRef").map(|claim| format!("{}/{}", claim.text("namespace"), claim.text("name")));
    let before = [
        tree.text("spec.capacity.storage"),
        super::kept::access_modes(tree.list("spec.accessModes")),
        tree.text("spec.persistentVolumeReclaimPolicy"),
        if object.is_deleted() { "Terminating".into() } else { tree.text("status.phase") },
        claim.unwrap_or_default(),
        tree.text("spec.storageClassName"),
        super::kept::or_unset(tree.text("spec.volumeAttributesClassName")),
        tree.text("status.reason"),
    ];
    around_age(object, before, [super::kept::or_unset(tree.text("spec.volumeMode"))])
}
