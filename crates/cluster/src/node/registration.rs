//! What a kubelet writes into its Node when it registers (pkg/kubelet/kubelet_node_status.go, initialNode and
//! updateDefaultLabels; well-known labels in k8s.io/api/core/v1, well_known_labels.go).

use crate::api::Meta;

const OS: &str = "linux";
const ARCHITECTURE: &str = "amd64";

/// The labels that every kubelet keeps on its Node. The hostname is the Node's name, if it does not say otherwise.
pub(crate) fn with_kubelets_labels(mut meta: Meta) -> Meta {
    let name = meta.name.clone();
    meta.labels.entry("kubernetes.io/hostname".into()).or_insert(name);
    for (key, value) in [
        ("kubernetes.io/os", OS),
        ("beta.kubernetes.io/os", OS),
        ("kubernetes.io/arch", ARCHITECTURE),
        ("beta.kubernetes.io/arch", ARCHITECTURE),
    ] {
        meta.labels.insert(key.into(), value.into());
    }
    meta
}
