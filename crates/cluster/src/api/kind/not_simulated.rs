//! Kinds of Kubernetes that may occur in manifests but are not simulated.

use super::{ApiResource, Scope};

const fn namespaced(
    kind: &'static str,
    api_version: &'static str,
    plural: &'static str,
    singular: &'static str,
    short_names: &'static [&'static str],
) -> ApiResource {
    ApiResource { kind, api_version, plural, singular, short_names, scope: Scope::Namespaced }
}

/// Kinds that other objects or actions can refer to, for example as the owner of Pods.
pub const NOT_SIMULATED: &[ApiResource] = &[
    namespaced("ConfigMap", "v1", "configmaps", "configmap", &["cm"]),
    namespaced("Secret", "v1", "secrets", "secret", &[]),
    namespaced("PersistentVolumeClaim", "v1", "persistentvolumeclaims", "persistentvolumeclaim", &["pvc"]),
    namespaced("ServiceAccount", "v1", "serviceaccounts", "serviceaccount", &["sa"]),
];

/// Kinds outside namespaces.
pub const CLUSTER_SCOPED: &[&str] = &[
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "CustomResourceDefinition",
    "DeviceClass",
    "FlowSchema",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "PersistentVolume",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "RuntimeClass",
    "StorageClass",
    "StorageVersion",
    "StorageVersionMigration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
    "VolumeAttributesClass",
];

/// Upstream's own kinds whose objects have no `metadata.generation`.
pub const WITHOUT_GENERATION: &[&str] = &[
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "ConfigMap",
    "HorizontalPodAutoscaler",
    "IPAddress",
    "Lease",
    "LimitRange",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "RuntimeClass",
    "Secret",
    "ServiceAccount",
    "StorageClass",
    "VolumeAttachment",
];
