//! Kinds that are kept and not simulated: their documents are what was written, so defaults that columns show are
//! set here.

use std::borrow::Cow;

use cluster::api::Tree;

use super::services::balancer_addresses;
use super::{Printer, around_age, cluster_scoped, containers_and_images, label_selector, labels, name};
use crate::get::object::{Document, Object, join, or_none, scalar};
use crate::jsonpath::{self, JsonPath, MissingKeys, Value};
use crate::table::{Column, always, wide};

/// Objects of all kept kinds together.
pub const OTHERS: Printer = Printer {
    columns: &[always("NAME"), always("KIND"), always("AGE"), always("SIMULATED")],
    cells: |object| vec![name(object), object.tree.text("kind"), object.age(), "no: kept as written".into()],
};

/// printEvent.
pub const EVENT: Printer = Printer {
    columns: &[
        always("LAST SEEN"),
        always("TYPE"),
        always("REASON"),
        always("OBJECT"),
        wide("SUBOBJECT"),
        wide("SOURCE"),
        always("MESSAGE"),
        wide("FIRST SEEN"),
        wide("COUNT"),
        wide("NAME"),
    ],
    cells: event,
};

fn event(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let [kind, about] = ["kind", "name"].map(|field| tree.text(&format!("involvedObject.{field}")));
    let source = [tree.text("source.component"), tree.text("source.host")];
    vec![
        object.since(&tree.text("lastTimestamp")),
        tree.text("type"),
        tree.text("reason"),
        format!("{}/{about}", kind.to_lowercase()),
        tree.text("involvedObject.fieldPath"),
        source.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
        tree.text("message").trim().into(),
        object.since(&tree.text("firstTimestamp")),
        tree.number("count").to_string(),
        name(object),
    ]
}

/// A table that the API server makes without a printer of the kind (rest.NewDefaultTableConvertor).
const CREATED_AT: Printer = Printer {
    columns: &[always("NAME"), always("CREATED AT")],
    cells: |object| vec![name(object), object.tree.text("metadata.creationTimestamp")],
};

const AGE: Printer = Printer { columns: &[always("NAME"), always("AGE")], cells: |o| around_age(o, [], []) };

pub fn printer(kind: &str) -> Printer {
    match kind {
        "ConfigMap" => CONFIG_MAP,
        "Secret" => SECRET,
        "PersistentVolumeClaim" => PERSISTENT_VOLUME_CLAIM,
        "PersistentVolume" => cluster_scoped::PERSISTENT_VOLUME,
        "StorageClass" => cluster_scoped::STORAGE_CLASS,
        "Ingress" => INGRESS,
        "IngressClass" => cluster_scoped::INGRESS_CLASS,
        "NetworkPolicy" => NETWORK_POLICY,
        "HorizontalPodAutoscaler" => HORIZONTAL_POD_AUTOSCALER,
        "RoleBinding" | "ClusterRoleBinding" => ROLE_BINDING,
        "PodTemplate" => POD_TEMPLATE,
        "RuntimeClass" => RUNTIME_CLASS,
        "Lease" => LEASE,
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => WEBHOOKS,
        "Role" | "ClusterRole" | "LimitRange" | "CustomResourceDefinition" => CREATED_AT,
        _ => AGE,
    }
}

pub fn or_unset(text: String) -> String {
    if text.is_empty() { "<unset>".into() } else { text }
}

const CONFIG_MAP: Printer = Printer {
    columns: &[always("NAME"), always("DATA"), always("AGE")],
    cells: |object| {
        let count = |field| object.tree.at(field).map_or(0, |data| data.entries().len());
        around_age(object, [(count("data") + count("binaryData")).to_string()], [])
    },
};

const SECRET: Printer =
    Printer { columns: &[always("NAME"), always("TYPE"), always("DATA"), always("AGE")], cells: secret };

/// `stringData` is laid over `data`.
fn secret(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let entries = ["data", "stringData"].into_iter().filter_map(|field| tree.at(field));
    let mut keys: Vec<&str> = entries.flat_map(|data| data.entries()).map(|entry| &*entry.key).collect();
    keys.sort();
    keys.dedup();
    let type_ = match tree.text("type") {
        text if text.is_empty() => "Opaque".into(),
        text => text,
    };
    around_age(object, [type_, keys.len().to_string()], [])
}

const PERSISTENT_VOLUME_CLAIM: Printer = Printer {
    columns: &[
        always("NAME"),
        always("STATUS"),
        always("VOLUME"),
        always("CAPACITY"),
        always("ACCESS MODES"),
        always("STORAGECLASS"),
        always("VOLUMEATTRIBUTESCLASS"),
        always("AGE"),
        wide("VOLUMEMODE"),
    ],
    cells: persistent_volume_claim,
};

fn persistent_volume_claim(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let volume = tree.text("spec.volumeName");
    let if_bound = |text: String| if volume.is_empty() { String::new() } else { text };
    let beta_class = object.meta.annotations.get("volume.beta.kubernetes.io/storage-class");
    let before = [
        if object.is_deleted() { "Terminating".into() } else { tree.text("status.phase") },
        volume.clone(),
        if_bound(tree.text("status.capacity.storage")),
        if_bound(access_modes(tree.list("status.accessModes"))),
        beta_class.map_or_else(|| tree.text("spec.storageClassName"), |class| class.to_string()),
        or_unset(tree.text("spec.volumeAttributesClassName")),
    ];
    around_age(object, before, [or_unset(tree.text("spec.volumeMode"))])
}

/// GetAccessModesAsString.
pub fn access_modes(modes: &[Tree]) -> String {
    let short = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let has = |mode: &str| modes.iter().any(|written| scalar(written) == mode);
    join(short.into_iter().filter(|(mode, _)| has(mode)).map(|(_, short)| short.to_string()))
}

const INGRESS: Printer = Printer {
    columns: &[
        always("NAME"),
        always("CLASS"),
        always("HOSTS"),
        always("ADDRESS"),
        always("PORTS"),
        always("AGE"),
    ],
    cells: ingress,
};

fn ingress(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let ports = if tree.list("spec.tls").is_empty() { "80" } else { "80, 443" };
    let before = [
        or_none(tree.text("spec.ingressClassName")),
        hosts(tree.list("spec.rules")),
        balancer_addresses(tree).join(","),
        ports.into(),
    ];
    around_age(object, before, [])
}

/// formatHosts: three of them, and how many rules there are beside.
fn hosts(rules: &[Tree]) -> String {
    const MOST: usize = 3;
    let mut shown = Vec::new();
    let mut more = false;
    for rule in rules {
        more |= shown.len() == MOST;
        let host = rule.text("host");
        if !more && !host.is_empty() {
            shown.push(host);
        }
    }
    match shown.len() {
        0 => "*".into(),
        _ if more => format!("{} + {} more...", shown.join(","), rules.len() - MOST),
        _ => shown.join(","),
    }
}

const NETWORK_POLICY: Printer = Printer {
    columns: &[always("NAME"), always("POD-SELECTOR"), always("AGE")],
    cells: |object| around_age(object, [label_selector(object.tree.at("spec.podSelector"))], []),
};

const HORIZONTAL_POD_AUTOSCALER: Printer = Printer {
    columns: &[
        always("NAME"),
        always("REFERENCE"),
        always("TARGETS"),
        always("MINPODS"),
        always("MAXPODS"),
        always("REPLICAS"),
        always("AGE"),
    ],
    cells: autoscaler,
};

fn autoscaler(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let reference = tree.at("spec.scaleTargetRef");
    let reference = reference.map_or(String::new(), |to| format!("{}/{}", to.text("kind"), to.text("name")));
    // autoscaling/v2 defaults.go, SetDefaults_HorizontalPodAutoscaler.
    let least = tree.at("spec.minReplicas").and_then(Tree::as_int).unwrap_or(1);
    let before = [
        reference,
        targets(tree),
        least.to_string(),
        tree.number("spec.maxReplicas").to_string(),
        tree.number("status.currentReplicas").to_string(),
    ];
    around_age(object, before, [])
}

/// formatHPAMetrics: two of them. Nobody measures here, so what is now is unknown. Without any it is the CPU, at 80 %.
fn targets(tree: &Tree) -> String {
    const MOST: usize = 2;
    let all: Vec<String> = match tree.list("spec.metrics") {
        [] => {
            let of_v1 = tree.number("spec.targetCPUUtilizationPercentage");
            vec![format!("cpu: <unknown>/{}%", if of_v1 == 0 { 80 } else { of_v1 })]
        }
        metrics => metrics.iter().map(metric).collect(),
    };
    match all.len().checked_sub(MOST) {
        None | Some(0) => all.join(", "),
        Some(more) => format!("{} + {more} more...", all[..MOST].join(", ")),
    }
}

fn metric(metric: &Tree) -> String {
    let (field, is_resource) = match &*metric.text("type") {
        "Resource" => ("resource", true),
        "ContainerResource" => ("containerResource", true),
        "Pods" => ("pods", false),
        "Object" => ("object", false),
        "External" => ("external", false),
        _ => return "<unknown type>".into(),
    };
    let target = |which: &str| metric.text(&format!("{field}.target.{which}"));
    let (average, value) = (target("averageValue"), target("value"));
    if is_resource {
        let utilization = target("averageUtilization");
        let shown = match () {
            () if !average.is_empty() => average,
            () if !utilization.is_empty() => format!("{utilization}%"),
            () => "<auto>".into(),
        };
        return format!("{}: <unknown>/{shown}", metric.text(&format!("{field}.name")));
    }
    match average {
        average if average.is_empty() => format!("<unknown>/{value}"),
        average if field == "pods" => format!("<unknown>/{average}"),
        average => format!("<unknown>/{average} (avg)"),
    }
}

const ROLE_BINDING: Printer = Printer {
    columns: &[
        always("NAME"),
        always("ROLE"),
        always("AGE"),
        wide("USERS"),
        wide("GROUPS"),
        wide("SERVICEACCOUNTS"),
    ],
    cells: |object| {
        let tree = &object.tree;
        let role = format!("{}/{}", tree.text("roleRef.kind"), tree.text("roleRef.name"));
        around_age(object, [role], ["User", "Group", "ServiceAccount"].map(|kind| subjects(tree, kind)))
    },
};

/// rbac.SubjectsStrings.
fn subjects(tree: &Tree, kind: &str) -> String {
    let subjects = tree.list("subjects").iter().filter(|subject| subject.text("kind") == kind);
    let shown = |subject: &Tree| match (kind, subject.text("namespace")) {
        ("ServiceAccount", namespace) if !namespace.is_empty() => {
            format!("{namespace}/{}", subject.text("name"))
        }
        _ => subject.text("name"),
    };
    subjects.map(shown).collect::<Vec<_>>().join(", ")
}

const POD_TEMPLATE: Printer = Printer {
    columns: &[always("NAME"), always("CONTAINERS"), always("IMAGES"), always("POD LABELS")],
    cells: |object| {
        let [containers, images] = containers_and_images(object.tree.at("template"));
        vec![name(object), containers, images, labels(object.tree.at("template.metadata.labels"))]
    },
};

const RUNTIME_CLASS: Printer = Printer {
    columns: &[always("NAME"), always("HANDLER"), always("AGE")],
    cells: |object| around_age(object, [object.tree.text("handler")], []),
};

const LEASE: Printer = Printer {
    columns: &[always("NAME"), always("HOLDER"), always("AGE")],
    cells: |object| around_age(object, [object.tree.text("spec.holderIdentity")], []),
};

const WEBHOOKS: Printer = Printer {
    columns: &[always("NAME"), always("WEBHOOKS"), always("AGE")],
    cells: |object| around_age(object, [object.tree.list("webhooks").len().to_string()], []),
};

/// The columns that a CustomResourceDefinition adds (apiextensions-apiserver tableconvertor.go).
pub fn custom_columns(definitions: &[Tree]) -> Vec<Column> {
    let column = |definition: &Tree| Column {
        name: Cow::Owned(definition.text("name").to_uppercase()),
        wide: definition.number("priority") != 0,
    };
    std::iter::once(always("NAME")).chain(definitions.iter().map(column)).collect()
}

/// tableconvertor.go, ConvertToTable: of what a path finds, the first.
pub fn custom_cells(object: &Object, definitions: &[Tree]) -> Vec<String> {
    let cell = |definition: &Tree| {
        let path = JsonPath::parse(&format!("{{{}}}", definition.text("jsonPath"))).ok()?;
        let found = path.find(&object.tree, MissingKeys::Allowed).ok()?.into_iter().next()?;
        custom_cell(object, &definition.text("type"), found.first()?)
    };
    let cells = definitions.iter().map(|definition| cell(definition).unwrap_or_default());
    std::iter::once(name(object)).chain(cells).collect()
}

/// What is not of the column's type is left empty (cellForJSONValue).
fn custom_cell(object: &Object, type_: &str, value: &Value<'_>) -> Option<String> {
    match (type_, value) {
        ("string" | "", Value::Null) => Some(jsonpath::text(&Value::Nothing)),
        ("string" | "", _) | ("boolean", Value::Bool(_)) | ("integer" | "number", Value::Int(_)) => {
            Some(jsonpath::text(value))
        }
        ("number", Value::Float(_)) => Some(jsonpath::text(value)),
        ("integer", Value::Float(number)) => Some(format!("{:.0}", number.trunc())),
        ("date", Value::Text(timestamp)) => Some(object.since(timestamp)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Tree {
        let parsed = cluster::api::parse(&format!(
            "apiVersion: a/v1\nkind: Kettle\nmetadata: {{name: a}}\nspec: {text}"
        ));
        parsed.objects[0].source.tree.clone()
    }

    #[test]
    fn hosts_are_cut_as_kubectl_cuts_them() {
        for (rules, shown) in [
            ("[]", "*"),
            ("[{}]", "*"),
            ("[{host: a}, {host: b}]", "a,b"),
            ("[{host: a}, {host: b}, {host: c}, {host: d}, {host: e}]", "a,b,c + 2 more..."),
        ] {
            assert_eq!(hosts(spec(&format!("{{rules: {rules}}}")).list("spec.rules")), shown, "{rules}");
        }
    }

    #[test]
    fn targets_of_an_autoscaler_read_as_kubectls() {
        let cpu =
            "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}";
        let pods = "{type: Pods, pods: {metric: {name: a}, target: {type: AverageValue, averageValue: 1k}}}";
        let other = "{type: Object, object: {target: {type: Value, value: 2k}}}";
        for (spec_text, shown) in [
            ("{}".to_string(), "cpu: <unknown>/80%"),
            ("{targetCPUUtilizationPercentage: 50}".into(), "cpu: <unknown>/50%"),
            (format!("{{metrics: [{cpu}, {pods}]}}"), "cpu: <unknown>/60%, <unknown>/1k"),
            (
                format!("{{metrics: [{other}, {cpu}, {pods}]}}"),
                "<unknown>/2k, cpu: <unknown>/60% + 1 more...",
            ),
        ] {
            assert_eq!(targets(&spec(&spec_text)), shown, "{spec_text}");
        }
    }

    #[test]
    fn a_date_that_was_written_by_hand_may_be_none() {
        let definitions = spec("[{name: At, type: date, jsonPath: .spec.at}]");
        for (at, age) in [
            ("'1970-01-01T00:00:00Z'", "0s"),
            ("'9223372036854775807-01-01T00:00:00Z'", "<invalid>"),
            ("soon", "<invalid>"),
            ("''", "<unknown>"),
            ("12", ""),
            ("[]", ""),
        ] {
            let tree = spec(&format!("{{at: {at}}}"));
            let object = Object { meta: cluster::api::Meta::default(), tree, now: 0 };
            assert_eq!(custom_cells(&object, definitions.list("spec")), ["", age], "{at}");
        }
    }

    #[test]
    fn a_custom_column_shows_what_its_path_finds() {
        let tree = spec("{list: [{a: one, at: 1}, {a: two, at: 2}], at: 7, f: 1.5, none: null, map: {k: v}}");
        let object = Object { meta: cluster::api::Meta::default(), tree, now: 0 };
        for (type_, path, shown) in [
            ("string", ".spec.list[1].a", "two"),
            ("integer", ".spec.list[?(@.a==\"two\")].at", "2"),
            ("string", ".spec.list[*].a", "one"),
            ("string", ".spec.map", "{\"k\":\"v\"}"),
            ("string", ".spec.none", "<no value>"),
            ("integer", ".spec.f", "1"),
            ("number", ".spec.f", "1.5"),
            ("number", ".spec.at", "7"),
            ("boolean", ".spec.at", ""),
            ("string", ".spec.nowhere", ""),
            ("string", ".spec.list[9].a", ""),
        ] {
            let definition = spec(&format!("[{{name: A, type: {type_}, jsonPath: '{path}'}}]"));
            assert_eq!(custom_cells(&object, definition.list("spec")), ["", shown], "{path}");
        }
    }

    #[test]
    fn access_modes_are_short_and_in_order() {
        let modes = spec("{m: [ReadWriteMany, ReadWriteOnce, ReadWriteMany]}");
        assert_eq!(access_modes(modes.list("spec.m")), "RWO,RWX");
    }
}
