//! A stream of documents, read: objects, at most one Scenario, and every finding.

use std::sync::Arc;

use super::{
    Deployment, Diagnostic, EndpointSlice, Meta, Node, ObjectRef, Pod, Position, ReplicaSet, Scenario,
    Service, Str, Tree,
};

/// What a text holds. Objects whose decoding met an error are not in it; all others are, in the
/// order of the text.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Manifest {
    pub objects: Vec<Parsed>,
    pub scenario: Option<Scenario>,
    pub diagnostics: Vec<Diagnostic>,
}

/// One object of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    pub source: Arc<Source>,
    pub object: Typed,
    /// Where the object begins: line and column from 1.
    pub position: (u32, u32),
}

/// The stored truth of an object, and the text it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub tree: Tree,
    /// The document's own text, comments included; for an item of a List, the whole List's.
    pub text: Str,
    /// Where in the stream the document's text begins.
    pub position: Position,
}

/// An object as the simulation reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    Namespace(Meta),
    Node(Node),
    Pod(Pod),
    Deployment(Deployment),
    ReplicaSet(ReplicaSet),
    Service(Service),
    EndpointSlice(EndpointSlice),
    /// Kept, not simulated.
    Other {
        kind: Str,
        api_version: Str,
        meta: Meta,
    },
}

impl Typed {
    pub fn meta(&self) -> &Meta {
        match self {
            Typed::Namespace(meta) | Typed::Other { meta, .. } => meta,
            Typed::Node(o) => &o.meta,
            Typed::Pod(o) => &o.meta,
            Typed::Deployment(o) => &o.meta,
            Typed::ReplicaSet(o) => &o.meta,
            Typed::Service(o) => &o.meta,
            Typed::EndpointSlice(o) => &o.meta,
        }
    }

    pub fn kind(&self) -> &str {
        match self {
            Typed::Namespace(_) => "Namespace",
            Typed::Node(_) => "Node",
            Typed::Pod(_) => "Pod",
            Typed::Deployment(_) => "Deployment",
            Typed::ReplicaSet(_) => "ReplicaSet",
            Typed::Service(_) => "Service",
            Typed::EndpointSlice(_) => "EndpointSlice",
            Typed::Other { kind, .. } => kind,
        }
    }

    pub fn object_ref(&self) -> ObjectRef {
        let meta = self.meta();
        ObjectRef { kind: self.kind().into(), namespace: meta.namespace.clone(), name: meta.name.clone() }
    }
}
