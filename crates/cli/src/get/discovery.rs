//! What the API server serves, and what it is called: kinds that the core knows, those that it keeps without a look,
//! and those that a CustomResourceDefinition of the manifests defines.

use cluster::api::{ApiResource, Kind, Scope, Tree};
use cluster::sim::World;

use super::object::{Document, scalar};

/// Kinds that the core does not know by name: kind, apiVersion, plural, scope, short names (`kubectl api-resources`).
const SERVED: &str = "\
APIService apiregistration.k8s.io/v1 apiservices cluster
CSIDriver storage.k8s.io/v1 csidrivers cluster
CSINode storage.k8s.io/v1 csinodes cluster
CSIStorageCapacity storage.k8s.io/v1 csistoragecapacities namespaced
CertificateSigningRequest certificates.k8s.io/v1 certificatesigningrequests cluster csr
ClusterRole rbac.authorization.k8s.io/v1 clusterroles cluster
ClusterRoleBinding rbac.authorization.k8s.io/v1 clusterrolebindings cluster
CustomResourceDefinition apiextensions.k8s.io/v1 customresourcedefinitions cluster crd crds
DeviceClass resource.k8s.io/v1 deviceclasses cluster
FlowSchema flowcontrol.apiserver.k8s.io/v1 flowschemas cluster
HorizontalPodAutoscaler autoscaling/v2 horizontalpodautoscalers namespaced hpa
IPAddress networking.k8s.io/v1 ipaddresses cluster ip
Ingress networking.k8s.io/v1 ingresses namespaced ing
IngressClass networking.k8s.io/v1 ingressclasses cluster
Lease coordination.k8s.io/v1 leases namespaced
LimitRange v1 limitranges namespaced limits
MutatingAdmissionPolicy admissionregistration.k8s.io/v1 mutatingadmissionpolicies cluster
MutatingAdmissionPolicyBinding admissionregistration.k8s.io/v1 mutatingadmissionpolicybindings cluster
MutatingWebhookConfiguration admissionregistration.k8s.io/v1 mutatingwebhookconfigurations cluster
NetworkPolicy networking.k8s.io/v1 networkpolicies namespaced netpol
PersistentVolume v1 persistentvolumes cluster pv
PodTemplate v1 podtemplates namespaced
PriorityLevelConfiguration flowcontrol.apiserver.k8s.io/v1 prioritylevelconfigurations cluster
ResourceClaim resource.k8s.io/v1 resourceclaims namespaced
ResourceClaimTemplate resource.k8s.io/v1 resourceclaimtemplates namespaced
ResourceQuota v1 resourcequotas namespaced quota
ResourceSlice resource.k8s.io/v1 resourceslices cluster
Role rbac.authorization.k8s.io/v1 roles namespaced
RoleBinding rbac.authorization.k8s.io/v1 rolebindings namespaced
RuntimeClass node.k8s.io/v1 runtimeclasses cluster
StorageClass storage.k8s.io/v1 storageclasses cluster sc
StorageVersion internal.apiserver.k8s.io/v1alpha1 storageversions cluster
StorageVersionMigration storagemigration.k8s.io/v1beta1 storageversionmigrations cluster
ValidatingAdmissionPolicy admissionregistration.k8s.io/v1 validatingadmissionpolicies cluster
ValidatingAdmissionPolicyBinding admissionregistration.k8s.io/v1 validatingadmissionpolicybindings cluster
ValidatingWebhookConfiguration admissionregistration.k8s.io/v1 validatingwebhookconfigurations cluster
VolumeAttachment storage.k8s.io/v1 volumeattachments cluster
VolumeAttributesClass storage.k8s.io/v1 volumeattributesclasses cluster vac
";

/// Of the category `all`, in the order of discovery: by group, and by name in it.
const ALL: [&str; 10] = [
    "pods",
    "replicationcontrollers",
    "services",
    "daemonsets.apps",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "horizontalpodautoscalers.autoscaling",
    "cronjobs.batch",
    "jobs.batch",
];

/// `all` is several resources, any other word itself.
pub fn expand_category(word: &str) -> Vec<String> {
    match word {
        "all" => ALL.map(String::from).to_vec(),
        word => vec![word.into()],
    }
}

/// A kind and its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceType {
    pub kind: Kind,
    api_version: String,
    plural: String,
    short_names: Vec<String>,
    pub namespaced: bool,
    /// The columns that its definition adds.
    pub printer_columns: Vec<Tree>,
    /// Of a custom resource: the fields by which a field selector can choose, beside name and namespace.
    pub selectable_fields: Option<Vec<String>>,
}

impl ResourceType {
    fn new(kind: &str, api_version: &str, plural: &str, scope: Scope) -> ResourceType {
        ResourceType {
            kind: Kind::named(kind),
            api_version: api_version.into(),
            plural: plural.into(),
            short_names: Vec::new(),
            namespaced: scope == Scope::Namespaced,
            printer_columns: Vec::new(),
            selectable_fields: None,
        }
    }

    fn known(api: &ApiResource) -> ResourceType {
        let short_names = api.short_names.iter().map(ToString::to_string).collect();
        ResourceType { short_names, ..ResourceType::new(api.kind, api.api_version, api.plural, api.scope) }
    }

    fn served(line: &str) -> ResourceType {
        let words: Vec<&str> = line.split(' ').collect();
        let [kind, api_version, plural, scope, short_names @ ..] = words.as_slice() else {
            unreachable!("a line of SERVED has four words: {line}")
        };
        let scope = if *scope == "cluster" { Scope::Cluster } else { Scope::Namespaced };
        let short_names = short_names.iter().map(ToString::to_string).collect();
        ResourceType { short_names, ..ResourceType::new(kind, api_version, plural, scope) }
    }

    /// What a CustomResourceDefinition defines.
    fn defined(definition: &Tree) -> ResourceType {
        let text = |path| definition.text(path);
        let scope = if text("spec.scope") == "Cluster" { Scope::Cluster } else { Scope::Namespaced };
        let versions = definition.list("spec.versions");
        let served = versions.iter().find(|version| version.flag("served")).or(versions.first());
        let api_version =
            format!("{}/{}", text("spec.group"), served.map_or(String::new(), |v| v.text("name")));
        let selectable = served.map_or(&[][..], |version| version.list("selectableFields"));
        let plain = |path: String| path.trim_start_matches('.').to_string();
        let columns = served.map_or(&[][..], |version| version.list("additionalPrinterColumns"));
        ResourceType {
            short_names: definition.list("spec.names.shortNames").iter().map(scalar).collect(),
            printer_columns: columns.to_vec(),
            selectable_fields: Some(
                selectable.iter().map(|field| field.text("jsonPath")).map(plain).collect(),
            ),
            ..ResourceType::new(&text("spec.names.kind"), &api_version, &text("spec.names.plural"), scope)
        }
    }

    /// Of a kind that nothing defines: its resource as apimachinery guesses it (meta/restmapper.go,
    /// UnsafeGuessKindToResource).
    fn guessed(kind: &str, api_version: &str) -> ResourceType {
        let singular = kind.to_lowercase();
        let plural = match singular.strip_suffix('y') {
            _ if singular.ends_with('s') => format!("{singular}es"),
            Some(stem) => format!("{stem}ies"),
            None => format!("{singular}s"),
        };
        let scope = Kind::named(kind).scope();
        ResourceType {
            selectable_fields: Some(Vec::new()),
            ..ResourceType::new(kind, api_version, &plural, scope)
        }
    }

    fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// `deploy`, `deployments`, `deployments.apps`, `deployments.v1.apps`; `text` is in lower case.
    fn is_called(&self, text: &str) -> bool {
        let (name, rest) = text.split_once('.').unwrap_or((text, ""));
        let version = self.api_version.rsplit('/').next().unwrap_or_default();
        let is_name = name == self.plural
            || name == self.kind.as_str().to_lowercase()
            || self.short_names.iter().any(|short| short == name);
        let of_version = rest.strip_prefix(version).map(|group| group.trim_start_matches('.'));
        is_name && (rest.is_empty() || rest == self.group() || of_version == Some(self.group()))
    }

    /// `apps/v1, Resource=deployments` (schema.GroupVersionResource, String).
    pub fn versioned(&self) -> String {
        let version = self.api_version.rsplit('/').next().unwrap_or_default();
        format!("{}/{version}, Resource={}", self.group(), self.plural)
    }

    /// `deployment.apps`, as kubectl prints it before a name.
    pub fn prefix(&self) -> String {
        qualified(&self.kind.as_str().to_lowercase(), self.group())
    }

    /// `deployments.apps`
    pub fn plural(&self) -> String {
        qualified(&self.plural, self.group())
    }
}

pub fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() { name.into() } else { format!("{name}.{group}") }
}

/// The same of an object's document.
pub fn prefix_of(document: &Tree) -> String {
    let api_version = document.text("apiVersion");
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    qualified(&document.text("kind").to_lowercase(), group)
}

/// What kubectl would take `text` for, which is in lower case. Kubernetes' own kinds come first.
pub fn find(world: &World, text: &str) -> Option<ResourceType> {
    let name = text.split('.').next().unwrap_or(text);
    let known = Kind::called(name).and_then(|kind| kind.api().map(ResourceType::known));
    let served = SERVED.lines().map(ResourceType::served);
    let is_called = |found: &ResourceType| found.is_called(text);
    known.into_iter().chain(served).find(is_called).or_else(|| custom(world).into_iter().find(is_called))
}

/// The kinds that the cluster has by a definition or an object only.
fn custom(world: &World) -> Vec<ResourceType> {
    let store = world.store();
    let definitions = Kind::Other("CustomResourceDefinition".into());
    let written = store.metas(&definitions).filter_map(|meta| store.written(meta.uid));
    let mut found: Vec<ResourceType> = written.map(ResourceType::defined).collect();
    for object in store.unsimulated.iter() {
        if found.iter().all(|known| known.kind.as_str() != &*object.kind) {
            found.push(ResourceType::guessed(&object.kind, &object.api_version));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_means_one_kind() {
        let mut names = Vec::new();
        for found in SERVED.lines().map(ResourceType::served) {
            assert_eq!(found.kind.api(), None, "the core does not know {}", found.kind);
            assert_eq!(found.namespaced, found.kind.scope() == Scope::Namespaced, "{}", found.kind);
            let mut own = vec![found.kind.as_str().to_lowercase(), found.plural.clone()];
            own.extend(found.short_names.clone());
            for name in own {
                assert!(found.is_called(&name), "{name}");
                assert_eq!(Kind::called(&name), None, "{name} is another kind's");
                names.push(name);
            }
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
    }

    #[test]
    fn group_and_version_can_be_said() {
        let deployment = ResourceType::known(Kind::Deployment.api().expect("it is known"));
        for text in ["deploy", "deployment", "deployments", "deployments.apps", "deployments.v1.apps"] {
            assert!(deployment.is_called(text), "{text}");
        }
        for text in ["deployments.v1", "deployments.batch", "deployments.v2.apps", "deploys"] {
            assert!(!deployment.is_called(text), "{text}");
        }
        let pod = ResourceType::known(Kind::Pod.api().expect("it is known"));
        assert!(pod.is_called("pods.v1") && !pod.is_called("pods.apps"));
        assert_eq!((deployment.prefix(), pod.plural()), ("deployment.apps".into(), "pods".into()));
    }

    #[test]
    fn the_resources_of_all_are_known() {
        for word in ALL {
            let known =
                Kind::called(word.split('.').next().expect("a name")).and_then(|kind| kind.api().cloned());
            let mut all =
                known.iter().map(ResourceType::known).chain(SERVED.lines().map(ResourceType::served));
            assert!(all.any(|found| found.is_called(word)), "{word}");
        }
    }

    #[test]
    fn the_resource_of_a_kind_is_guessed() {
        for (kind, plural) in [("Kettle", "kettles"), ("Policy", "policies"), ("Gas", "gases")] {
            assert_eq!(ResourceType::guessed(kind, "kitchen.example.com/v1").plural, plural);
        }
    }
}
