//! One row an object, with kubectl's columns (pkg/printers/internalversion/printers.go).

mod cluster_scoped;
mod kept;
mod pods;
mod services;
mod workloads;

use cluster::api::{Kind, Tree};

use super::Listed;
use super::object::{Document, Object, join, or_none};
use crate::table::{Column, NAMESPACE, Table, always};

/// The columns of a kind, and an object's cells in them.
struct Printer {
    columns: &'static [Column],
    cells: fn(&Object) -> Vec<String>,
}

/// The first column is the namespace; a kind that is in none has an empty cell there.
pub fn table(listed: &Listed, objects: &[Object]) -> Table {
    let (columns, cells): (Vec<Column>, Vec<Vec<String>>) = match listed {
        Listed::Type(found) if !found.printer_columns.is_empty() => (
            kept::custom_columns(&found.printer_columns),
            objects.iter().map(|object| kept::custom_cells(object, &found.printer_columns)).collect(),
        ),
        Listed::Type(found) => {
            let printer = printer(&found.kind);
            (printer.columns.to_vec(), objects.iter().map(printer.cells).collect())
        }
        Listed::Events => (kept::EVENT.columns.to_vec(), objects.iter().map(kept::EVENT.cells).collect()),
        Listed::Others => (kept::OTHERS.columns.to_vec(), objects.iter().map(kept::OTHERS.cells).collect()),
    };
    let columns: Vec<Column> = std::iter::once(always(NAMESPACE)).chain(columns).collect();
    let with_namespace = |(object, cells): (&Object, Vec<String>)| {
        std::iter::once(object.meta.namespace.to_string()).chain(cells).collect()
    };
    Table::new(&columns, objects.iter().zip(cells).map(with_namespace).collect())
}

fn printer(kind: &Kind) -> Printer {
    match kind {
        Kind::Pod => pods::POD,
        Kind::Service => services::SERVICE,
        Kind::Endpoints => services::ENDPOINTS,
        Kind::EndpointSlice => services::ENDPOINT_SLICE,
        Kind::Deployment => workloads::DEPLOYMENT,
        Kind::ReplicaSet => workloads::REPLICA_SET,
        Kind::ReplicationController => workloads::REPLICATION_CONTROLLER,
        Kind::StatefulSet => workloads::STATEFUL_SET,
        Kind::DaemonSet => workloads::DAEMON_SET,
        Kind::ControllerRevision => workloads::CONTROLLER_REVISION,
        Kind::Job => workloads::JOB,
        Kind::CronJob => workloads::CRON_JOB,
        Kind::PodDisruptionBudget => workloads::POD_DISRUPTION_BUDGET,
        Kind::Node => cluster_scoped::NODE,
        Kind::Namespace => cluster_scoped::NAMESPACE,
        Kind::PriorityClass => cluster_scoped::PRIORITY_CLASS,
        Kind::ServiceCidr => cluster_scoped::SERVICE_CIDR,
        Kind::Other(name) => kept::printer(name),
    }
}

fn name(object: &Object) -> String {
    object.meta.name.to_string()
}

/// Names and images of containers, which `-o wide` shows (layoutContainerCells).
fn containers_and_images(template: Option<&Tree>) -> [String; 2] {
    let containers = template.map_or(&[][..], |template| template.list("spec.containers"));
    ["name", "image"].map(|field| join(containers.iter().map(|container| container.text(field))))
}

/// `app=web,tier=front` (labels.FormatLabels).
pub fn labels(labels: Option<&Tree>) -> String {
    or_none(equalities(labels).join(","))
}

fn equalities(labels: Option<&Tree>) -> Vec<String> {
    let entries = labels.map_or(&[][..], Tree::entries);
    let mut pairs: Vec<_> = entries.iter().map(|e| (&e.key, super::object::scalar(&e.value))).collect();
    pairs.sort();
    pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect()
}

/// `app=web,tier in (back,front),!old`: by keys (metav1.FormatLabelSelector, labels.Requirement.String).
fn label_selector(selector: Option<&Tree>) -> String {
    let Some(selector) = selector else { return or_none(String::new()) };
    let key_of = |text: &str| text.trim_start_matches('!').split(['=', ' ']).next().unwrap_or("").to_string();
    let mut all = equalities(selector.at("matchLabels"));
    all.extend(selector.list("matchExpressions").iter().map(requirement));
    all.sort_by_key(|text| key_of(text));
    or_none(all.join(","))
}

fn requirement(expression: &Tree) -> String {
    let key = expression.text("key");
    let mut values: Vec<String> = expression.list("values").iter().map(super::object::scalar).collect();
    values.sort();
    let values = values.join(",");
    match &*expression.text("operator") {
        "In" => format!("{key} in ({values})"),
        "NotIn" => format!("{key} notin ({values})"),
        "DoesNotExist" => format!("!{key}"),
        _ => key,
    }
}

/// Cells before the age, the age, and those after it.
fn around_age<const N: usize, const M: usize>(
    object: &Object,
    before: [String; N],
    after: [String; M],
) -> Vec<String> {
    let name = std::iter::once(name(object));
    name.chain(before).chain([object.age()]).chain(after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_read_as_kubectls() {
        let selector = |text: &str| {
            let manifest = format!("kind: Kettle\napiVersion: a/v1\nmetadata: {{name: a}}\nspec: {text}");
            let parsed = cluster::api::parse(&manifest);
            label_selector(parsed.objects[0].source.tree.at("spec"))
        };
        for (text, shown) in [
            ("{}", "<none>"),
            ("{matchLabels: {b: '1', a: x}}", "a=x,b=1"),
            (
                "{matchLabels: {m: x}, matchExpressions: [{key: z, operator: Exists}, \
                 {key: a, operator: NotIn, values: [q, p]}, {key: old, operator: DoesNotExist}]}",
                "a notin (p,q),m=x,!old,z",
            ),
            ("{matchExpressions: [{key: a, operator: In, values: [x]}]}", "a in (x)"),
        ] {
            assert_eq!(selector(text), shown, "{text}");
        }
    }
}
