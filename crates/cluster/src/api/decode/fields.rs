//! The fields of each kind, by their names in upstream's types.go (k8s.io/api core/v1, apps/v1,
//! discovery/v1 at 1.36). `kept` marks what would change behaviour and is not simulated.
//!
//! The defaults are those of a Pod template (core/v1 defaults.go), for `canonical.rs`: a default
//! that is added here renames the Pods of each template that writes it out.

use super::schema::Default::{EmptyObject, ImagePullPolicy, NonZero, Scalar};
use super::schema::Field;
use super::schema::Shape::{Any, Bool, Int32, Int64, IntOrStr, List, Obj, Quantities, Str, StrMap, Strs};
use super::schema::{f, kept};

const OWNER: &[Field] = &[
    f("apiVersion", Str),
    f("kind", Str),
    f("name", Str),
    f("uid", Str),
    f("controller", Bool),
    f("blockOwnerDeletion", Bool),
];

pub const META: &[Field] = &[
    f("name", Str),
    f("generateName", Str),
    f("namespace", Str),
    f("labels", StrMap),
    f("annotations", StrMap),
    f("uid", Str),
    f("resourceVersion", Str),
    f("generation", Int64),
    f("selfLink", Str),
    f("creationTimestamp", Str),
    f("deletionTimestamp", Str),
    f("deletionGracePeriodSeconds", Int64),
    f("ownerReferences", List(OWNER)),
    kept("finalizers", Strs),
    f("managedFields", Any),
];

pub const NAMESPACE: &[Field] = &[
    f("apiVersion", Str),
    f("kind", Str),
    f("metadata", Obj(META)),
    f("spec", Obj(&[f("finalizers", Strs)])),
    f("status", Any),
];

pub const NODE: &[Field] = &[
    f("apiVersion", Str),
    f("kind", Str),
    f("metadata", Obj(META)),
    f("spec", Obj(NODE_SPEC)),
    f("status", Any),
];

const NODE_SPEC: &[Field] = &[
    f("podCIDR", Str),
    f("podCIDRs", Strs),
    f("providerID", Str),
    f("unschedulable", Bool),
    f("taints", Any),
    f("configSource", Any),
    f("externalID", Str),
];

pub const SERVICE: &[Field] = &[
    f("apiVersion", Str),
    f("kind", Str),
    f("metadata", Obj(META)),
    f("spec", Obj(SERVICE_SPEC)),
    f("status", Any),
];

const SERVICE_SPEC: &[Field] = &[
    f("ports", List(SERVICE_PORT)),
    f("selector", StrMap),
    f("clusterIP", Str),
    f("clusterIPs", Strs),
    f("type", Str),
    f("externalIPs", Strs),
    f("sessionAffinity", Str),
    f("sessionAffinityConfig", Obj(&[f("clientIP", Obj(&[f("timeoutSeconds", Int32)]))])),
    kept("loadBalancerIP", Str),
    f("loadBalancerSourceRanges", Strs),
    f("loadBalancerClass", Str),
    f("allocateLoadBalancerNodePorts", Bool),
    f("externalName", Str),
    f("externalTrafficPolicy", Str),
    f("internalTrafficPolicy", Str),
    f("healthCheckNodePort", Int32),
    f("publishNotReadyAddresses", Bool),
    f("ipFamilies", Strs),
    f("ipFamilyPolicy", Str),
    f("trafficDistribution", Str),
];

const SERVICE_PORT: &[Field] = &[
    f("name", Str),
    f("protocol", Str),
    f("appProtocol", Str),
    f("port", Int32),
    f("targetPort", IntOrStr),
    f("nodePort", Int32),
];

pub const ENDPOINT_SLICE: &[Field] = &[
    f("apiVersion", Str),
    f("kind", Str),
    f("metadata", Obj(META)),
    f("addressType", Str),
    f("endpoints", List(ENDPOINT)),
    f("ports", List(&[f("name", Str), f("protocol", Str), f("port", Int32), f("appProtocol", Str)])),
];

const ENDPOINT: &[Field] = &[
    f("addresses", Strs),
    f("conditions", Obj(&[f("ready", Bool), f("serving", Bool), f("terminating", Bool)])),
    f("hostname", Str),
    f("targetRef", Obj(OBJECT_REFERENCE)),
    f("deprecatedTopology", StrMap),
    f("nodeName", Str),
    f("zone", Str),
    f("hints", Obj(&[f("forZones", List(&[f("name", Str)])), f("forNodes", List(&[f("name", Str)]))])),
];

const OBJECT_REFERENCE: &[Field] = &[
    f("kind", Str),
    f("namespace", Str),
    f("name", Str),
    f("uid", Str),
    f("apiVersion", Str),
    f("resourceVersion", Str),
    f("fieldPath", Str),
];

pub const DEPLOYMENT: &[Field] = &[
    f("apiVersion", Str),
    f("kind", Str),
    f("metadata", Obj(META)),
    f("spec", Obj(DEPLOYMENT_SPEC)),
    f("status", Any),
];

const DEPLOYMENT_SPEC: &[Field] = &[
    f("replicas", Int32),
    f("selector", Obj(SELECTOR)),
    f("template", Obj(TEMPLATE)),
    f("strategy", Obj(STRATEGY)),
    kept("minReadySeconds", Int32),
    f("revisionHistoryLimit", Int32),
    kept("paused", Bool),
    f("progressDeadlineSeconds", Int32),
];

const STRATEGY: &[Field] =
    &[f("type", Str), f("rollingUpdate", Obj(&[f("maxUnavailable", IntOrStr), f("maxSurge", IntOrStr)]))];

const SELECTOR: &[Field] = &[
    f("matchLabels", StrMap),
    f("matchExpressions", List(&[f("key", Str), f("operator", Str), f("values", Strs)])),
];

pub const TEMPLATE: &[Field] =
    &[f("metadata", Obj(META)).default(EmptyObject), f("spec", Obj(POD_SPEC)).default(EmptyObject)];

pub const REPLICA_SET: &[Field] = &[
    f("apiVersion", Str),
    f("kind", Str),
    f("metadata", Obj(META)),
    f("spec", Obj(REPLICA_SET_SPEC)),
    f("status", Any),
];

const REPLICA_SET_SPEC: &[Field] = &[
    f("replicas", Int32),
    kept("minReadySeconds", Int32),
    f("selector", Obj(SELECTOR)),
    f("template", Obj(TEMPLATE)),
];

pub const POD: &[Field] = &[
    f("apiVersion", Str),
    f("kind", Str),
    f("metadata", Obj(META)),
    f("spec", Obj(POD_SPEC)),
    f("status", Any),
];

const POD_SPEC: &[Field] = &[
    f("containers", List(CONTAINER)),
    f("initContainers", List(CONTAINER)),
    f("ephemeralContainers", Any),
    f("restartPolicy", Str).default(Scalar("Always")),
    f("terminationGracePeriodSeconds", Int64).default(Scalar("30")),
    f("activeDeadlineSeconds", Int64),
    f("nodeName", Str),
    f("nodeSelector", StrMap),
    kept("affinity", Any),
    kept("tolerations", Any),
    kept("topologySpreadConstraints", Any),
    kept("schedulingGates", Any),
    f("schedulerName", Str).default(Scalar("default-scheduler")),
    f("readinessGates", Any),
    f("hostNetwork", Bool).default(Scalar("false")),
    f("hostname", Str),
    f("subdomain", Str),
    kept("setHostnameAsFQDN", Bool),
    kept("hostnameOverride", Str),
    kept("hostAliases", Any),
    f("dnsPolicy", Str).default(Scalar("ClusterFirst")),
    kept("dnsConfig", Any),
    f("enableServiceLinks", Bool),
    f("volumes", Any),
    f("serviceAccountName", Str),
    f("serviceAccount", Str),
    f("automountServiceAccountToken", Bool),
    f("hostPID", Bool).default(Scalar("false")),
    f("hostIPC", Bool).default(Scalar("false")),
    f("hostUsers", Bool),
    f("shareProcessNamespace", Bool),
    f("securityContext", Any).default(EmptyObject),
    f("imagePullSecrets", Any),
    f("priorityClassName", Str),
    f("priority", Int32),
    f("preemptionPolicy", Str),
    f("runtimeClassName", Str),
    f("overhead", Quantities),
    f("os", Any),
    f("resourceClaims", Any),
    f("resources", Any),
    f("workloadRef", Any),
    f("schedulingGroup", Any),
];

const CONTAINER: &[Field] = &[
    f("name", Str),
    f("image", Str),
    f("imagePullPolicy", Str).default(ImagePullPolicy),
    f("command", Strs),
    f("args", Strs),
    f("workingDir", Str),
    f("ports", List(CONTAINER_PORT)),
    f("env", List(&[f("name", Str), f("value", Str), f("valueFrom", Any)])),
    f("envFrom", Any),
    f("resources", Obj(RESOURCES)).default(EmptyObject),
    f("resizePolicy", Any),
    f("restartPolicy", Str),
    f("restartPolicyRules", Any),
    f("volumeMounts", Any),
    f("volumeDevices", Any),
    f("livenessProbe", Obj(PROBE)),
    f("readinessProbe", Obj(PROBE)),
    f("startupProbe", Obj(PROBE)),
    f("lifecycle", Obj(&[f("postStart", Any), f("preStop", Any), f("stopSignal", Str)])),
    f("terminationMessagePath", Str).default(Scalar("/dev/termination-log")),
    f("terminationMessagePolicy", Str).default(Scalar("File")),
    f("securityContext", Any),
    f("stdin", Bool).default(Scalar("false")),
    f("stdinOnce", Bool).default(Scalar("false")),
    f("tty", Bool).default(Scalar("false")),
];

const RESOURCES: &[Field] = &[f("limits", Quantities), f("requests", Quantities), f("claims", Any)];

const CONTAINER_PORT: &[Field] = &[
    f("name", Str),
    kept("hostPort", Int32).default(Scalar("0")),
    f("containerPort", Int32),
    f("protocol", Str).default(Scalar("TCP")),
    kept("hostIP", Str),
];

const PROBE: &[Field] = &[
    f("exec", Obj(&[f("command", Strs)])),
    f("httpGet", Obj(HTTP_GET)),
    f("tcpSocket", Obj(&[f("port", IntOrStr), f("host", Str)])),
    f("grpc", Obj(&[f("port", Int32), f("service", Str)])),
    f("initialDelaySeconds", Int32).default(Scalar("0")),
    f("timeoutSeconds", Int32).default(NonZero("1")),
    f("periodSeconds", Int32).default(NonZero("10")),
    f("successThreshold", Int32).default(NonZero("1")),
    f("failureThreshold", Int32).default(NonZero("3")),
    f("terminationGracePeriodSeconds", Int64),
];

const HTTP_GET: &[Field] = &[
    f("path", Str).default(Scalar("/")),
    f("port", IntOrStr),
    f("host", Str),
    f("scheme", Str).default(Scalar("HTTP")),
    f("httpHeaders", List(&[f("name", Str), f("value", Str)])),
];
