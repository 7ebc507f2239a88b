//! The fields of each kind, by their names in upstream's types.go (k8s.io/api core/v1, apps/v1,
//! discovery/v1 at 1.36). `unsimulated` marks what would change behaviour and is not simulated.
//!
//! The defaults are those of a Pod template (core/v1 defaults.go), for `canonical.rs`: a default
//! that is added here renames the Pods of each template that writes it out.

use super::scheduling::{AFFINITY, SCHEDULING_GATE, TAINT, TOLERATION, TOPOLOGY_SPREAD_CONSTRAINT};
use super::schema::Default::{EmptyObject, ImagePullPolicy, Int, NonZero, Scalar};
use super::schema::Shape::{Any, Bool, Int32, Int64, IntOrStr, List, Obj, Quantities, Str, StrMap, Strs};
use super::schema::{Field, Struct, named};
use super::schema::{field, unsimulated};
use crate::api::{PodSpec, Probe, ServiceSpec};

const OWNER: &Struct = &named(
    "OwnerReference",
    &[
        field("apiVersion", Str),
        field("kind", Str),
        field("name", Str),
        field("uid", Str),
        field("controller", Bool),
        field("blockOwnerDeletion", Bool),
    ],
);

/// What an object has whose `spec` has these fields.
pub const fn object(spec: &'static Struct) -> [Field; 5] {
    [
        field("apiVersion", Str),
        field("kind", Str),
        field("metadata", Obj(META)),
        field("spec", Obj(spec)),
        field("status", Any),
    ]
}

pub const META: &Struct = &named(
    "ObjectMeta",
    &[
        field("name", Str),
        field("generateName", Str),
        field("namespace", Str),
        field("labels", StrMap),
        field("annotations", StrMap),
        field("uid", Str),
        field("resourceVersion", Str),
        field("generation", Int64),
        field("selfLink", Str),
        field("creationTimestamp", Str),
        field("deletionTimestamp", Str),
        field("deletionGracePeriodSeconds", Int64),
        field("ownerReferences", List(OWNER)),
        field("finalizers", Strs),
        field("managedFields", Any),
    ],
);

pub const NAMESPACE: &[Field] = &[
    field("apiVersion", Str),
    field("kind", Str),
    field("metadata", Obj(META)),
    field("spec", Obj(&named("NamespaceSpec", &[field("finalizers", Strs)]))),
    field("status", Any),
];

pub const NODE: &[Field] = &[
    field("apiVersion", Str),
    field("kind", Str),
    field("metadata", Obj(META)),
    field("spec", Obj(NODE_SPEC)),
    field("status", Any),
];

const NODE_SPEC: &Struct = &named(
    "NodeSpec",
    &[
        field("podCIDR", Str),
        field("podCIDRs", Strs),
        field("providerID", Str),
        field("unschedulable", Bool),
        field("taints", List(TAINT)),
        field("configSource", Any),
        field("externalID", Str),
    ],
);

pub const SERVICE: &[Field] = &[
    field("apiVersion", Str),
    field("kind", Str),
    field("metadata", Obj(META)),
    field("spec", Obj(ServiceSpec::FIELDS)),
    field("status", Any),
];

pub const ENDPOINT_SLICE: &[Field] = &[
    field("apiVersion", Str),
    field("kind", Str),
    field("metadata", Obj(META)),
    field("addressType", Str),
    field("endpoints", List(ENDPOINT)),
    field("ports", List(ENDPOINT_PORT)),
];

const ENDPOINT: &Struct = &named(
    "Endpoint",
    &[
        field("addresses", Strs),
        field(
            "conditions",
            Obj(&named(
                "EndpointConditions",
                &[field("ready", Bool), field("serving", Bool), field("terminating", Bool)],
            )),
        ),
        field("hostname", Str),
        field("targetRef", Obj(OBJECT_REFERENCE)),
        field("deprecatedTopology", StrMap),
        field("nodeName", Str),
        field("zone", Str),
        field(
            "hints",
            Obj(&named(
                "EndpointHints",
                &[
                    field("forZones", List(&named("ForZone", &[field("name", Str)]))),
                    field("forNodes", List(&named("ForNode", &[field("name", Str)]))),
                ],
            )),
        ),
    ],
);

pub const ENDPOINTS: &[Field] = &[
    field("apiVersion", Str),
    field("kind", Str),
    field("metadata", Obj(META)),
    field("subsets", List(ENDPOINT_SUBSET)),
];

const ENDPOINT_SUBSET: &Struct = &named(
    "EndpointSubset",
    &[
        field("addresses", List(ENDPOINT_ADDRESS)),
        field("notReadyAddresses", List(ENDPOINT_ADDRESS)),
        field("ports", List(ENDPOINT_PORT)),
    ],
);

const ENDPOINT_ADDRESS: &Struct = &named(
    "EndpointAddress",
    &[
        field("ip", Str),
        field("hostname", Str),
        field("nodeName", Str),
        field("targetRef", Obj(OBJECT_REFERENCE)),
    ],
);

/// Of EndpointSlices and of Endpoints.
const ENDPOINT_PORT: &Struct = &named(
    "EndpointPort",
    &[field("name", Str), field("protocol", Str), field("port", Int32), field("appProtocol", Str)],
);

const OBJECT_REFERENCE: &Struct = &named(
    "ObjectReference",
    &[
        field("kind", Str),
        field("namespace", Str),
        field("name", Str),
        field("uid", Str),
        field("apiVersion", Str),
        field("resourceVersion", Str),
        field("fieldPath", Str),
    ],
);

pub const TEMPLATE: &Struct = &named(
    "PodTemplateSpec",
    &[field("metadata", Obj(META)).default(EmptyObject), field("spec", Obj(POD_SPEC)).default(EmptyObject)],
);

pub const POD: &[Field] = &[
    field("apiVersion", Str),
    field("kind", Str),
    field("metadata", Obj(META)),
    field("spec", Obj(POD_SPEC)),
    field("status", Any),
];

const POD_SPEC: &Struct = &named(
    "PodSpec",
    &[
        field("containers", List(CONTAINER)),
        field("initContainers", List(CONTAINER)),
        field("ephemeralContainers", Any),
        field("restartPolicy", Str).default(Scalar("Always")),
        field("terminationGracePeriodSeconds", Int64)
            .default(Int(PodSpec::DEFAULT_TERMINATION_GRACE_PERIOD_S)),
        field("activeDeadlineSeconds", Int64),
        field("nodeName", Str),
        field("nodeSelector", StrMap),
        field("affinity", Obj(AFFINITY)),
        field("tolerations", List(TOLERATION)),
        field("topologySpreadConstraints", List(TOPOLOGY_SPREAD_CONSTRAINT)),
        field("schedulingGates", List(SCHEDULING_GATE)),
        field("schedulerName", Str).default(Scalar("default-scheduler")),
        field("readinessGates", Any),
        field("hostNetwork", Bool).default(Scalar("false")),
        field("hostname", Str),
        field("subdomain", Str),
        unsimulated("setHostnameAsFQDN", Bool),
        unsimulated("hostnameOverride", Str),
        unsimulated("hostAliases", Any),
        field("dnsPolicy", Str).default(Scalar("ClusterFirst")),
        field("dnsConfig", Obj(POD_DNS_CONFIG)),
        field("enableServiceLinks", Bool),
        field("volumes", Any),
        field("serviceAccountName", Str),
        field("serviceAccount", Str),
        field("automountServiceAccountToken", Bool),
        field("hostPID", Bool).default(Scalar("false")),
        field("hostIPC", Bool).default(Scalar("false")),
        field("hostUsers", Bool),
        field("shareProcessNamespace", Bool),
        field("securityContext", Any).default(EmptyObject),
        field("imagePullSecrets", Any),
        field("priorityClassName", Str),
        field("priority", Int32),
        field("preemptionPolicy", Str),
        field("runtimeClassName", Str),
        field("overhead", Quantities),
        field("os", Any),
        field("resourceClaims", Any),
        field("resources", Obj(RESOURCES)),
        field("workloadRef", Any),
        field("schedulingGroup", Any),
    ],
);

const POD_DNS_CONFIG: &Struct = &named(
    "PodDNSConfig",
    &[
        field("nameservers", Strs),
        field("searches", Strs),
        field("options", List(&named("PodDNSConfigOption", &[field("name", Str), field("value", Str)]))),
    ],
);

const CONTAINER: &Struct = &named(
    "Container",
    &[
        field("name", Str),
        field("image", Str),
        field("imagePullPolicy", Str).default(ImagePullPolicy),
        field("command", Strs),
        field("args", Strs),
        field("workingDir", Str),
        field("ports", List(CONTAINER_PORT)),
        field(
            "env",
            List(&named("EnvVar", &[field("name", Str), field("value", Str), field("valueFrom", Any)])),
        ),
        field("envFrom", Any),
        field("resources", Obj(RESOURCES)).default(EmptyObject),
        field("resizePolicy", Any),
        field("restartPolicy", Str),
        field("restartPolicyRules", Any),
        field("volumeMounts", Any),
        field("volumeDevices", Any),
        field("livenessProbe", Obj(PROBE)),
        field("readinessProbe", Obj(PROBE)),
        field("startupProbe", Obj(PROBE)),
        field(
            "lifecycle",
            Obj(&named(
                "Lifecycle",
                &[field("postStart", Any), field("preStop", Any), field("stopSignal", Str)],
            )),
        ),
        field("terminationMessagePath", Str).default(Scalar("/dev/termination-log")),
        field("terminationMessagePolicy", Str).default(Scalar("File")),
        field("securityContext", Any),
        field("stdin", Bool).default(Scalar("false")),
        field("stdinOnce", Bool).default(Scalar("false")),
        field("tty", Bool).default(Scalar("false")),
    ],
);

const RESOURCES: &Struct = &named(
    "ResourceRequirements",
    &[field("limits", Quantities), field("requests", Quantities), field("claims", Any)],
);

const CONTAINER_PORT: &Struct = &named(
    "ContainerPort",
    &[
        field("name", Str),
        field("hostPort", Int32).default(Scalar("0")),
        field("containerPort", Int32),
        field("protocol", Str).default(Scalar("TCP")),
        field("hostIP", Str),
    ],
);

const PROBE: &Struct = &named(
    "Probe",
    &[
        field("exec", Obj(&named("ExecAction", &[field("command", Strs)]))),
        field("httpGet", Obj(HTTP_GET)),
        field("tcpSocket", Obj(&named("TCPSocketAction", &[field("port", IntOrStr), field("host", Str)]))),
        field("grpc", Obj(&named("GRPCAction", &[field("port", Int32), field("service", Str)]))),
        field("initialDelaySeconds", Int32).default(Int(Probe::DEFAULT.initial_delay_s)),
        field("timeoutSeconds", Int32).default(NonZero(Probe::DEFAULT.timeout_s)),
        field("periodSeconds", Int32).default(NonZero(Probe::DEFAULT.period_s)),
        field("successThreshold", Int32).default(NonZero(Probe::DEFAULT.success_threshold)),
        field("failureThreshold", Int32).default(NonZero(Probe::DEFAULT.failure_threshold)),
        field("terminationGracePeriodSeconds", Int64),
    ],
);

const HTTP_GET: &Struct = &named(
    "HTTPGetAction",
    &[
        field("path", Str).default(Scalar("/")),
        field("port", IntOrStr),
        field("host", Str),
        field("scheme", Str).default(Scalar("HTTP")),
        field("httpHeaders", List(&named("HTTPHeader", &[field("name", Str), field("value", Str)]))),
    ],
);
