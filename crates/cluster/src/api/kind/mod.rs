//! The kinds of objects: what the API server knows of each, and the objects themselves.
//!
//! A simulated kind is one entry of `kinds!` below, and the `impl Resource` and `impl Codec` beside its struct.
//! Every `match` over kinds has no default arm, so a new kind does not compile until each of them handles it.

mod not_simulated;

use serde::{Serialize, Serializer};

use not_simulated::{CLUSTER_SCOPED, NOT_SIMULATED, WITHOUT_GENERATION};

use super::decode::{Field, FieldCursor, Struct, check_shape, named, report};
use super::diagnostics::Diagnostics;
use super::field;
use super::{
    ControllerRevision, CronJob, DaemonSet, Deployment, EndpointSlice, Endpoints, Job, Meta, NameRule,
    Namespace, Node, ObjectRef, Pod, PodDisruptionBudget, PriorityClass, ReplicaSet, ReplicationController,
    Service, ServiceCidr, StatefulSet, Str, Tree,
};

/// Whether a kind's objects are in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Namespaced,
    Cluster,
}

/// A kind's entry in API discovery (`metav1.APIResource`; `kubectl api-resources` lists it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiResource {
    pub kind: &'static str,
    /// Group and version, the one in which 1.36 serves it; `v1` in the core group.
    pub api_version: &'static str,
    pub plural: &'static str,
    pub singular: &'static str,
    pub short_names: &'static [&'static str],
    pub scope: Scope,
}

/// Of an `apiVersion`; empty for the core group.
pub(super) fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

impl ApiResource {
    /// Empty for the core group.
    pub fn group(&self) -> &'static str {
        group(self.api_version)
    }

    /// `deployment.apps`, as kubectl prints it before a name; `pod` in the core group.
    pub fn qualified(&self) -> String {
        match self.group() {
            "" => self.singular.to_string(),
            group => format!("{}.{group}", self.singular),
        }
    }

    /// Whether kubectl takes `text` for this kind: `deploy`, `deployment`, `deployments`.
    fn is_called(&self, text: &str) -> bool {
        [self.singular, self.plural].contains(&text) || self.short_names.contains(&text)
    }
}

/// An object's `metadata`.
pub trait Metadata {
    fn meta(&self) -> &Meta;
    fn meta_mut(&mut self) -> &mut Meta;
}

/// A kind that is simulated (kube's trait of the same name).
pub trait Resource: Metadata + Clone {
    const API: ApiResource;
    /// What its `metadata.name` must be.
    const NAME_RULE: NameRule;
}

/// From the wire and back.
pub(crate) trait Codec: Resource {
    const FIELDS: &'static [Field];
    const SHAPE: &'static Struct = &named(Self::API.kind, Self::FIELDS);
    /// Decodes the object, and reports what no value of its types is. Names and JSON types were checked before.
    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Self;
    /// Sets what is left out (defaults.go). What `decode` reads into a type that does not tell nothing from a value has
    /// its default there, by a constant beside the type.
    fn set_defaults(&mut self);
    /// The object's errors, independent of its origin (validation.go).
    fn validate(&self) -> Vec<field::Error>;
    /// Writes what the server set and what actions changed into the written document.
    fn print(&self, over: &mut Tree);
}

/// Decodes, defaults and validates, as the API server does with a request.
/// `None` if it cannot be decoded: nothing is validated then.
fn read<T: Codec>(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<T> {
    let (from, errors) = (diagnostics.len(), diagnostics.errors());
    check_shape(root, T::SHAPE, diagnostics);
    if diagnostics.errors() > errors {
        return None;
    }
    let mut object = T::decode(root, diagnostics);
    object.set_defaults();
    report(root, from, object.validate(), diagnostics);
    Some(object)
}

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        /// A kind by its name. [`Kind::Other`] stands for all kinds that are kept but not simulated.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($kind,)*
            Other(Str),
        }

        impl Kind {
            pub const SIMULATED: &'static [Kind] = &[$(Kind::$kind),*];

            /// `None` for a kind that is not simulated.
            pub(super) fn fields(&self) -> Option<&'static Struct> {
                match self {
                    $(Kind::$kind => Some($kind::SHAPE),)*
                    Kind::Other(_) => None,
                }
            }

            pub fn as_str(&self) -> &str {
                match self {
                    $(Kind::$kind => $kind::API.kind,)*
                    Kind::Other(name) => name,
                }
            }

            /// `None` for a kind of which only the name is known.
            pub fn api(&self) -> Option<&'static ApiResource> {
                match self {
                    $(Kind::$kind => Some(&$kind::API),)*
                    Kind::Other(name) => NOT_SIMULATED.iter().find(|api| api.kind == &**name),
                }
            }
        }

        /// An object as the simulation reads it.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum KubeObject {
            $($kind($kind),)*
            Unsimulated(Unsimulated),
        }

        impl KubeObject {
            pub fn meta(&self) -> &Meta {
                match self {
                    $(KubeObject::$kind(object) => object.meta(),)*
                    KubeObject::Unsimulated(object) => object.meta(),
                }
            }

            pub fn meta_mut(&mut self) -> &mut Meta {
                match self {
                    $(KubeObject::$kind(object) => object.meta_mut(),)*
                    KubeObject::Unsimulated(object) => object.meta_mut(),
                }
            }

            pub fn kind(&self) -> Kind {
                match self {
                    $(KubeObject::$kind(_) => Kind::$kind,)*
                    KubeObject::Unsimulated(object) => Kind::Other(object.kind.clone()),
                }
            }

            pub fn api_version(&self) -> &str {
                match self {
                    $(KubeObject::$kind(_) => $kind::API.api_version,)*
                    KubeObject::Unsimulated(object) => &object.api_version,
                }
            }

            /// `None` for a kind that is not simulated.
            pub(super) fn decode(
                kind: &Kind,
                root: &FieldCursor<'_>,
                diagnostics: &mut Diagnostics,
            ) -> Option<KubeObject> {
                match kind {
                    $(Kind::$kind => read(root, diagnostics).map(KubeObject::$kind),)*
                    Kind::Other(_) => None,
                }
            }

            pub(super) fn print(&self, over: &mut Tree) {
                match self {
                    $(KubeObject::$kind(object) => object.print(over),)*
                    KubeObject::Unsimulated(_) => {}
                }
            }
        }

        $(impl From<$kind> for KubeObject {
            fn from(object: $kind) -> KubeObject {
                KubeObject::$kind(object)
            }
        }

        impl Metadata for $kind {
            fn meta(&self) -> &Meta {
                &self.meta
            }

            fn meta_mut(&mut self) -> &mut Meta {
                &mut self.meta
            }
        })*
    };
}

kinds!(
    Service,
    Deployment,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
    DaemonSet,
    ControllerRevision,
    Job,
    CronJob,
    PodDisruptionBudget,
    Pod,
    EndpointSlice,
    Endpoints,
    Node,
    Namespace,
    PriorityClass,
    ServiceCidr,
);

/// A kind whose controller keeps Pods of a template that can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    Deployment,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
    DaemonSet,
}

/// An object of a kind that is kept and shown, but not simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsimulated {
    pub kind: Str,
    pub api_version: Str,
    pub meta: Meta,
}

impl Metadata for Unsimulated {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut Meta {
        &mut self.meta
    }
}

impl From<Unsimulated> for KubeObject {
    fn from(object: Unsimulated) -> KubeObject {
        KubeObject::Unsimulated(object)
    }
}

impl KubeObject {
    pub fn object_ref(&self) -> ObjectRef {
        ObjectRef::new(self.kind(), self.meta())
    }
}

impl Kind {
    /// The kind of that name, which is spelled as in a manifest.
    pub fn named(name: &str) -> Kind {
        let simulated = Kind::SIMULATED.iter().find(|kind| kind.as_str() == name);
        simulated.cloned().unwrap_or_else(|| Kind::Other(name.into()))
    }

    /// The kind that kubectl takes `text` for: its plural, its singular or a short name, in lower
    /// case. `None` where nothing is called so.
    pub fn called(text: &str) -> Option<Kind> {
        let simulated = Kind::SIMULATED.iter().find(|kind| kind.api().is_some_and(|api| api.is_called(text)));
        simulated.cloned().or_else(|| {
            let api = NOT_SIMULATED.iter().find(|api| api.is_called(text))?;
            Some(Kind::Other(api.kind.into()))
        })
    }

    pub fn scope(&self) -> Scope {
        match self.api() {
            Some(api) => api.scope,
            None if CLUSTER_SCOPED.contains(&self.as_str()) => Scope::Cluster,
            None => Scope::Namespaced,
        }
    }

    /// Whether the API server counts the changes of its objects' specs in `metadata.generation`: what each kind's
    /// strategy.go does in PrepareForCreate. A custom resource has one.
    pub(super) fn has_generation(&self) -> bool {
        match self {
            Kind::Deployment
            | Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job
            | Kind::CronJob
            | Kind::PodDisruptionBudget
            | Kind::Pod
            | Kind::EndpointSlice
            | Kind::PriorityClass => true,
            Kind::Service
            | Kind::Endpoints
            | Kind::ControllerRevision
            | Kind::Node
            | Kind::Namespace
            | Kind::ServiceCidr => false,
            Kind::Other(name) => !WITHOUT_GENERATION.contains(&&**name),
        }
    }

    /// `None` for every kind that has no template of Pods, or one that cannot be changed.
    pub fn workload(&self) -> Option<Workload> {
        match self {
            Kind::Deployment => Some(Workload::Deployment),
            Kind::ReplicaSet => Some(Workload::ReplicaSet),
            Kind::ReplicationController => Some(Workload::ReplicationController),
            Kind::StatefulSet => Some(Workload::StatefulSet),
            Kind::DaemonSet => Some(Workload::DaemonSet),
            Kind::Pod
            | Kind::Job
            | Kind::CronJob
            | Kind::ControllerRevision
            | Kind::PodDisruptionBudget
            | Kind::Service
            | Kind::Endpoints
            | Kind::EndpointSlice
            | Kind::Node
            | Kind::Namespace
            | Kind::PriorityClass
            | Kind::ServiceCidr
            | Kind::Other(_) => None,
        }
    }

    /// Whether its objects are Pods or make Pods here: a client can run in them.
    pub fn has_pods(&self) -> bool {
        match self {
            Kind::Pod
            | Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::Deployment
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::Job => true,
            Kind::Service
            | Kind::Endpoints
            | Kind::CronJob
            | Kind::ControllerRevision
            | Kind::PodDisruptionBudget
            | Kind::EndpointSlice
            | Kind::Node
            | Kind::Namespace
            | Kind::PriorityClass
            | Kind::ServiceCidr
            | Kind::Other(_) => false,
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_their_names_and_by_kubectls() {
        for kind in Kind::SIMULATED {
            assert_eq!(Kind::named(kind.as_str()), *kind);
            let api = kind.api().expect("a simulated kind is known");
            for name in [api.singular, api.plural].iter().chain(api.short_names) {
                assert_eq!(Kind::called(name).as_ref(), Some(kind), "{name}");
            }
        }
        assert_eq!(Kind::called("deploy"), Some(Kind::Deployment));
        assert_eq!(Kind::called("sts"), Some(Kind::StatefulSet));
        assert_eq!(Kind::called("cm"), Some(Kind::Other("ConfigMap".into())));
        assert_eq!(Kind::called("Pod"), None);
        assert_eq!(Kind::named("pod"), Kind::Other("pod".into()));
    }

    #[test]
    fn each_name_means_one_kind() {
        let simulated = Kind::SIMULATED.iter().filter_map(Kind::api);
        let mut names: Vec<&str> = simulated
            .chain(NOT_SIMULATED)
            .flat_map(|api| {
                // `endpoints` is its own plural.
                let plural = Some(api.plural).filter(|plural| *plural != api.singular);
                [api.singular].into_iter().chain(plural).chain(api.short_names.iter().copied())
            })
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
    }
}
