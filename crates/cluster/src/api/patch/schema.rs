//! How a patch merges the fields of each kind: `patchStrategy` and `patchMergeKey` in the types.go of core/v1, apps/v1
//! and others (apimachinery util/strategicpatch/meta.go).

use crate::api::Kind;

/// A type, with those of its fields that are not merged as by default: an object field by field, and a list as a whole.
pub struct Schema {
    /// `retainKeys`: keys that the patch does not have are removed.
    pub retains_keys: bool,
    fields: &'static [(&'static str, Strategy)],
}

/// How a field is merged.
#[derive(Clone, Copy)]
pub enum Strategy {
    /// An object, field by field.
    Merge(&'static Schema),
    /// A list of objects, which are told apart by that field of theirs.
    MergeByKey(&'static str, &'static Schema),
    /// A list of texts, as a set.
    MergeSet,
    Replace,
}

use Strategy::{Merge, MergeByKey, MergeSet, Replace};

impl Schema {
    /// kubectl knows the kinds that it was built with. Of others a patch replaces every list (RFC 7386).
    pub fn of(kind: &Kind) -> &'static Schema {
        match kind {
            Kind::Service => &SERVICE,
            Kind::Pod => &POD,
            Kind::Deployment => &DEPLOYMENT,
            Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job => &WITH_TEMPLATE,
            Kind::CronJob => &CRON_JOB,
            Kind::PodDisruptionBudget => &DISRUPTION_BUDGET,
            Kind::Node => &NODE,
            Kind::ControllerRevision
            | Kind::EndpointSlice
            | Kind::Endpoints
            | Kind::Namespace
            | Kind::PriorityClass
            | Kind::ServiceCidr => &OBJECT,
            Kind::Other(name) => match &**name {
                "ServiceAccount" => &SERVICE_ACCOUNT,
                "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => &WEBHOOKS,
                "ValidatingAdmissionPolicy" => &ADMISSION_POLICY,
                "CSINode" => &CSI_NODE,
                "PodTemplate" => &POD_TEMPLATE,
                _ if kind.api().is_some() => &OBJECT,
                _ => &PLAIN,
            },
        }
    }

    pub fn strategy(&self, field: &str) -> Option<Strategy> {
        self.fields.iter().find(|(name, _)| *name == field).map(|(_, strategy)| *strategy)
    }
}

/// All its objects are merged, all its lists replaced.
pub const PLAIN: Schema = schema(&[]);

const fn schema(fields: &'static [(&'static str, Strategy)]) -> Schema {
    Schema { retains_keys: false, fields }
}

const RETAINS_KEYS: Schema = Schema { retains_keys: true, fields: &[] };

const METADATA: (&str, Strategy) =
    ("metadata", Merge(&schema(&[("finalizers", MergeSet), ("ownerReferences", MergeByKey("uid", &PLAIN))])));

const CONDITIONS: (&str, Strategy) = ("conditions", MergeByKey("type", &PLAIN));

const STATUS: (&str, Strategy) = ("status", Merge(&schema(&[CONDITIONS])));

const OBJECT: Schema = schema(&[METADATA, STATUS]);

const SERVICE: Schema =
    schema(&[METADATA, STATUS, ("spec", Merge(&schema(&[("ports", MergeByKey("port", &PLAIN))])))]);

const CONTAINER: Schema = schema(&[
    ("env", MergeByKey("name", &PLAIN)),
    ("ports", MergeByKey("containerPort", &PLAIN)),
    ("volumeDevices", MergeByKey("devicePath", &PLAIN)),
    ("volumeMounts", MergeByKey("mountPath", &PLAIN)),
]);

const POD_SPEC: (&str, Strategy) = (
    "spec",
    Merge(&schema(&[
        ("containers", MergeByKey("name", &CONTAINER)),
        ("ephemeralContainers", MergeByKey("name", &CONTAINER)),
        ("hostAliases", MergeByKey("ip", &PLAIN)),
        ("imagePullSecrets", MergeByKey("name", &PLAIN)),
        ("initContainers", MergeByKey("name", &CONTAINER)),
        ("resourceClaims", MergeByKey("name", &RETAINS_KEYS)),
        ("schedulingGates", MergeByKey("name", &PLAIN)),
        ("topologySpreadConstraints", MergeByKey("topologyKey", &PLAIN)),
        ("volumes", MergeByKey("name", &RETAINS_KEYS)),
    ])),
);

const POD: Schema = schema(&[METADATA, POD_SPEC, STATUS]);

const TEMPLATE: (&str, Strategy) = ("template", Merge(&schema(&[METADATA, POD_SPEC])));

const WITH_TEMPLATE: Schema = schema(&[METADATA, STATUS, ("spec", Merge(&schema(&[TEMPLATE])))]);

const DEPLOYMENT: Schema =
    schema(&[METADATA, STATUS, ("spec", Merge(&schema(&[TEMPLATE, ("strategy", Merge(&RETAINS_KEYS))])))]);

const CRON_JOB: Schema = schema(&[
    METADATA,
    STATUS,
    (
        "spec",
        Merge(&schema(&[(
            "jobTemplate",
            Merge(&schema(&[METADATA, ("spec", Merge(&schema(&[TEMPLATE])))])),
        )])),
    ),
]);

const DISRUPTION_BUDGET: Schema =
    schema(&[METADATA, STATUS, ("spec", Merge(&schema(&[("selector", Replace)])))]);

const NODE: Schema = schema(&[
    METADATA,
    ("spec", Merge(&schema(&[("podCIDRs", MergeSet)]))),
    ("status", Merge(&schema(&[("addresses", MergeByKey("type", &PLAIN)), CONDITIONS]))),
]);

const SERVICE_ACCOUNT: Schema = schema(&[METADATA, ("secrets", MergeByKey("name", &PLAIN))]);

const MATCH_CONDITIONS: (&str, Strategy) = ("matchConditions", MergeByKey("name", &PLAIN));

const ADMISSION_POLICY: Schema = schema(&[
    METADATA,
    STATUS,
    ("spec", Merge(&schema(&[MATCH_CONDITIONS, ("variables", MergeByKey("name", &PLAIN))]))),
]);

const CSI_NODE: Schema =
    schema(&[METADATA, ("spec", Merge(&schema(&[("drivers", MergeByKey("name", &PLAIN))])))]);

const POD_TEMPLATE: Schema = schema(&[METADATA, TEMPLATE]);

const WEBHOOKS: Schema = schema(&[METADATA, ("webhooks", MergeByKey("name", &schema(&[MATCH_CONDITIONS])))]);
