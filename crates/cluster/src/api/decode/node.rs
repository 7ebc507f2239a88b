//! `v1` Node (core validation.go, ValidateNode).

use std::net::IpAddr;

use super::field_cursor::FieldCursor;
use super::{meta, resources, scheduling};
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::{ConditionStatus, DiagnosticKind, Format, Node, NodeConditions, NodeInfo, NodeSpec};
use netfilter::Cidr;

pub fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Node {
    let meta = meta::decode::<Node>(root);
    let spec = root.field("spec");
    let status = root.field("status");
    Node {
        meta,
        spec: NodeSpec {
            pod_cidrs: pod_cidrs(&spec, diagnostics),
            unschedulable: spec.field("unschedulable").bool().unwrap_or(false),
            taints: scheduling::taints(&spec.shown_as("metadata").field("taints"), diagnostics),
        },
        addresses: addresses(&status.field("addresses")),
        conditions: conditions(&status.field("conditions")),
        capacity: resources::list(&status.field("capacity"), diagnostics),
        allocatable: resources::list(&status.field("allocatable"), diagnostics),
        info: info(&status.field("nodeInfo")),
    }
}

/// `podCIDR` alone is `podCIDRs` with one entry, and so is one that is not the first of them (core/v1 conversion.go,
/// Convert_v1_NodeSpec_To_core_NodeSpec).
fn pod_cidrs(spec: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<Cidr> {
    let many = spec.field("podCIDRs");
    let one = spec.field("podCIDR");
    if many.len() == 0 || one.text().is_some_and(|one| many.item(0).text() != Some(one)) {
        let one = one.shown_as("podCIDRs[0]");
        return one.text().and_then(|_| strict_cidr(&one, diagnostics)).into_iter().collect();
    }
    (0..many.len()).filter_map(|i| strict_cidr(&many.item(i), diagnostics)).collect()
}

/// A prefix in a string; what is none is reported.
pub fn cidr(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Cidr> {
    let text = cursor.str()?;
    let cidr = text.trim().parse().ok();
    if cidr.is_none() {
        cursor.error(diagnostics, DiagnosticKind::BadFormat { value: clip(text), format: Format::Cidr });
    }
    cidr
}

/// A prefix without bits behind it, as the API server asks for it (IsValidCIDRForLegacyField).
pub fn strict_cidr(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Cidr> {
    let cidr = cidr(cursor, diagnostics)?;
    let text = cursor.str()?;
    if text.trim().split('/').next().and_then(|address| address.parse().ok()) == Some(cidr.address()) {
        return Some(cidr);
    }
    cursor.error(diagnostics, DiagnosticKind::BadFormat { value: clip(text), format: Format::HostBits });
    None
}

/// An address in a string; what is none is reported.
pub fn address(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<IpAddr> {
    let text = cursor.str()?;
    let address = text.parse().ok();
    if address.is_none() {
        let format = if has_leading_zeros(text) { Format::LeadingZeros } else { Format::IpAddress };
        cursor.error(diagnostics, DiagnosticKind::BadFormat { value: clip(text), format });
    }
    address
}

/// An IPv4 address but for zeros before its numbers.
fn has_leading_zeros(text: &str) -> bool {
    let mut parts = 0;
    let is_number = |part: &str| part.parse::<u8>().is_ok();
    text.split('.').inspect(|_| parts += 1).all(is_number) && parts == 4
}

fn addresses(cursor: &FieldCursor<'_>) -> Vec<IpAddr> {
    let internal = |i: usize| {
        let item = cursor.item(i);
        let is_internal = item.field("type").str().is_some_and(|t| &**t == "InternalIP");
        let address = item.field("address");
        if is_internal { address.str()?.parse().ok() } else { None }
    };
    (0..cursor.len()).filter_map(internal).collect()
}

/// Only the status of Ready is read: a node on which nothing is reported has no power. What a kubelet that runs
/// reports, it reports anew.
fn conditions(list: &FieldCursor<'_>) -> NodeConditions {
    let mut conditions = NodeConditions::default();
    for i in 0..list.len() {
        let item = list.item(i);
        if item.field("type").str().is_some_and(|t| &**t == "Ready") {
            conditions.ready.status = match item.field("status").str().map(|s| &**s) {
                Some("False") => ConditionStatus::False,
                Some("Unknown") => ConditionStatus::Unknown,
                Some(_) | None => ConditionStatus::True,
            };
        }
    }
    conditions
}

fn info(cursor: &FieldCursor<'_>) -> NodeInfo {
    let mut info = NodeInfo::default();
    for (name, slot) in info.fields_mut() {
        if let Some(text) = cursor.field(name).str() {
            *slot = text.clone();
        }
    }
    info
}
