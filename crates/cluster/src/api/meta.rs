//! What every object carries: names, labels, owner, and when it was made and deleted.

use std::cmp::Ordering;
use std::sync::Arc;

use litemap::LiteMap;

use netfilter::Str;

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::sim::Time;

/// An object's name inside its namespace (or in the cluster, for kinds without one).
pub type Name = Str;

/// Labels, annotations and selectors: sorted, so that iteration is deterministic.
pub type Labels = LiteMap<Str, Str>;

/// The API server's number for an object. It is never reused in a run, so a deleted object and a later one of the
/// same name are different. Printed as a UUID by [`Uid::to_uuid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Uid(pub u32);

impl Uid {
    /// The form that `metadata.uid` has on the wire.
    pub fn to_uuid(self) -> String {
        format!("00000000-0000-4000-8000-{:012x}", self.0)
    }
}

/// Namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct NsName {
    pub namespace: Name,
    pub name: Name,
}

impl PartialOrd for NsName {
    fn partial_cmp(&self, other: &NsName) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NsName {
    fn cmp(&self, other: &NsName) -> Ordering {
        // Objects of one namespace share its name (`Store::create`), which need not be read then.
        let namespace = match Arc::ptr_eq(&self.namespace, &other.namespace) {
            true => Ordering::Equal,
            false => self.namespace.cmp(&other.namespace),
        };
        namespace.then_with(|| self.name.cmp(&other.name))
    }
}

impl NsName {
    pub fn new(namespace: &str, name: &str) -> NsName {
        NsName { namespace: namespace.into(), name: name.into() }
    }
}

impl std::fmt::Display for NsName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// An object's kind, namespace and name: its identity outside the core, independent of uids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ObjectRef {
    pub kind: Kind,
    pub namespace: Name,
    pub name: Name,
}

impl ObjectRef {
    pub fn new(kind: Kind, meta: &Meta) -> ObjectRef {
        ObjectRef { kind, namespace: meta.namespace.clone(), name: meta.name.clone() }
    }

    pub fn of_key(kind: Kind, key: &NsName) -> ObjectRef {
        ObjectRef { kind, namespace: key.namespace.clone(), name: key.name.clone() }
    }

    pub fn node(name: &Name) -> ObjectRef {
        ObjectRef { kind: Kind::Node, namespace: "".into(), name: name.clone() }
    }

    pub fn of_namespace(name: &Name) -> ObjectRef {
        ObjectRef { kind: Kind::Namespace, namespace: "".into(), name: name.clone() }
    }

    pub fn key(&self) -> NsName {
        NsName { namespace: self.namespace.clone(), name: self.name.clone() }
    }
}

/// `metadata.ownerReferences[controller=true]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnerRef {
    pub kind: Kind,
    pub name: Name,
    pub uid: Uid,
}

impl OwnerRef {
    /// The reference to a controller (metav1.NewControllerRef).
    pub fn new(kind: Kind, owner: &Meta) -> OwnerRef {
        OwnerRef { kind, name: owner.name.clone(), uid: owner.uid }
    }
}

/// `metadata`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Meta {
    pub name: Name,
    /// What the name was made from by a controller, if it was.
    pub generate_name: Option<Str>,
    /// Empty for kinds that live outside namespaces (Node, Namespace).
    pub namespace: Name,
    pub uid: Uid,
    pub resource_version: u64,
    /// Counts the changes of the spec.
    pub generation: u32,
    pub labels: Labels,
    pub annotations: Labels,
    pub owner: Option<OwnerRef>,
    /// Who must agree before the object goes.
    pub finalizers: Vec<Str>,
    pub created: Time,
    /// `deletionTimestamp`: if it is set, the object is Terminating.
    pub deleted: Option<Time>,
    /// `deletionGracePeriodSeconds` of a Pod, where another one than its own was asked for.
    pub deletion_grace_s: Option<u32>,
}

/// `propagationPolicy` of a deletion: what becomes of the objects that the deleted one owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Propagation {
    /// They go after it.
    #[default]
    Background,
    /// They go before it.
    Foreground,
    /// They stay, owned by nobody.
    Orphan,
}

impl Propagation {
    pub const ALL: [Propagation; 3] = [Propagation::Background, Propagation::Foreground, Propagation::Orphan];

    pub fn is_default(&self) -> bool {
        *self == Propagation::default()
    }
}

impl Meta {
    pub fn is_owned_by(&self, uid: Uid) -> bool {
        self.owner.as_ref().is_some_and(|owner| owner.uid == uid)
    }

    pub fn key(&self) -> NsName {
        NsName { namespace: self.namespace.clone(), name: self.name.clone() }
    }
}
