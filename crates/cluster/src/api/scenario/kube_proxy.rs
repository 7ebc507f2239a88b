//! `spec.kubeProxy` of a Scenario: what the cluster's kube-proxies are told, under the names of
//! upstream's KubeProxyConfiguration (pkg/proxy/apis/config/types.go; validation.go).

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::ranges;
use super::read::{limited, span};
use crate::api::decode::{
    FieldCursor, FieldShape as Shape, Struct, field, ours, pod_one_of, read_address, read_cidr,
};
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, Format, Str, Tree, duration};
use crate::sim::Span;
use netfilter::{Cidr, InterfaceName, PerFamily};

/// Everything is optional: what is not said is upstream's default.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct KubeProxy {
    /// The Pods' addresses. `Some(None)`, written as an empty string, leaves kube-proxy without a
    /// local-traffic detector; so does a family that has no range here. The cluster's own Pod ranges by default.
    pub cluster_cidr: Option<Option<PerFamily<Cidr>>>,
    pub detect_local_mode: Option<DetectLocalMode>,
    pub masquerade_all: Option<bool>,
    /// 0 to 31.
    pub masquerade_bit: Option<u8>,
    pub node_port_addresses: Option<NodePortAddresses>,
    pub localhost_node_ports: Option<bool>,
    /// Not of KubeProxyConfiguration: whether the nodes' kernels have nfnetlink_acct.
    pub nfacct: Option<bool>,
    /// Each node's primary address of its family, in kube-proxy's eyes; an unspecified one changes nothing.
    pub bind_address: Option<IpAddr>,
    /// `ipvs.strictARP`. Neighbours are not asked for the addresses of kube-ipvs0 here, so it has no effect.
    pub strict_arp: Option<bool>,
    /// `ipvs.excludeCIDRs`: virtual servers that kube-proxy leaves alone, of which there are none but its own.
    pub exclude_cidrs: Option<Vec<Cidr>>,
    pub min_sync_period: Option<Span>,
    pub sync_period: Option<Span>,
}

/// How kube-proxy tells Pods from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum DetectLocalMode {
    #[default]
    ClusterCidr,
    /// Only the node's own Pods are local.
    NodeCidr,
    /// What comes in by the bridge of this name, `detectLocal.bridgeInterface`: here it is cni0.
    BridgeInterface(#[serde(serialize_with = "name")] InterfaceName),
    /// What comes in by an interface whose name begins so, `detectLocal.interfaceNamePrefix`.
    InterfaceNamePrefix(#[serde(serialize_with = "name")] InterfaceName),
}

fn name<S: Serializer>(name: &InterfaceName, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name.as_str())
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum NodePortAddresses {
    /// The node's primary address.
    Primary,
    /// The node's addresses in these ranges; all of them when there is none.
    In(Vec<Cidr>),
}

pub const FIELDS: &Struct = &ours(&[
    field("clusterCIDR", Shape::Str),
    field("detectLocalMode", Shape::Str),
    field("detectLocal", Shape::Obj(DETECT_LOCAL)),
    field("masqueradeAll", Shape::Bool),
    field("masqueradeBit", Shape::Int32),
    field("nodePortAddresses", Shape::Strs),
    field("localhostNodePorts", Shape::Bool),
    field("nfacct", Shape::Bool),
    field("bindAddress", Shape::Str),
    field("strictARP", Shape::Bool),
    field("excludeCIDRs", Shape::Strs),
    field("minSyncPeriod", Shape::Any),
    field("syncPeriod", Shape::Any),
]);

const DETECT_LOCAL: &Struct =
    &ours(&[field("bridgeInterface", Shape::Str), field("interfaceNamePrefix", Shape::Str)]);

const MAX_RANGES: u32 = 64;
/// A year: longer than any run, and far from the end of time.
const MAX_PERIOD: Span = Span::from_secs(365 * 24 * 3_600);

pub fn read(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<KubeProxy> {
    cursor.tree()?;
    let bit = cursor.field("masqueradeBit").int_in(diagnostics, 0, 31);
    let config = KubeProxy {
        cluster_cidr: cluster_cidr(&cursor.field("clusterCIDR"), diagnostics),
        detect_local_mode: detect_local_mode(cursor, diagnostics),
        masquerade_all: cursor.field("masqueradeAll").bool(),
        masquerade_bit: bit.and_then(|b| u8::try_from(b).ok()),
        node_port_addresses: node_port_addresses(&cursor.field("nodePortAddresses"), diagnostics),
        localhost_node_ports: cursor.field("localhostNodePorts").bool(),
        nfacct: cursor.field("nfacct").bool(),
        bind_address: read_address(&cursor.field("bindAddress"), diagnostics),
        strict_arp: cursor.field("strictARP").bool(),
        exclude_cidrs: exclude_cidrs(&cursor.field("excludeCIDRs"), diagnostics),
        min_sync_period: period(&cursor.field("minSyncPeriod"), false, diagnostics),
        sync_period: period(&cursor.field("syncPeriod"), true, diagnostics),
    };
    let (min, most) = (config.min_sync_period, config.sync_period);
    if min.zip(most).is_some_and(|(min, most)| min > most) {
        let cursor = cursor.field("minSyncPeriod");
        let value = clip(&duration::print(min.map_or(0, |m| m.0)));
        cursor.error(diagnostics, DiagnosticKind::BadFormat { value, format: Format::MinSyncPeriod });
    }
    Some(config)
}

fn cluster_cidr(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Option<PerFamily<Cidr>>> {
    match &**cursor.str()? {
        "" => Some(None),
        _ => ranges::read(cursor, diagnostics).map(Some),
    }
}

fn detect_local_mode(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<DetectLocalMode> {
    const MODES: &[&str] = &["ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix"];
    let detect_local = cursor.field("detectLocal");
    match pod_one_of(&cursor.field("detectLocalMode"), MODES, diagnostics)? {
        "NodeCIDR" => Some(DetectLocalMode::NodeCidr),
        "BridgeInterface" => interface(&detect_local.field("bridgeInterface"), diagnostics)
            .map(DetectLocalMode::BridgeInterface),
        "InterfaceNamePrefix" => interface(&detect_local.field("interfaceNamePrefix"), diagnostics)
            .map(DetectLocalMode::InterfaceNamePrefix),
        _ => Some(DetectLocalMode::ClusterCidr),
    }
}

/// Upstream only asks that it is not empty (validateInterface); iptables-restore and nft then refuse what is no name.
fn interface(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<InterfaceName> {
    let text = cursor.str().map_or("", |text| &**text);
    let name = InterfaceName::new(text);
    if name.is_none() {
        let (value, format) = (clip(text), Format::InterfaceName);
        cursor.error(diagnostics, DiagnosticKind::BadFormat { value, format });
    }
    name
}

/// `primary` stands alone (validateKubeProxyNodePortAddress).
fn node_port_addresses(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<NodePortAddresses> {
    list.tree()?;
    let first = list.item(0);
    if list.len() == 1 && first.str().is_some_and(|s| &**s == "primary") {
        return Some(NodePortAddresses::Primary);
    }
    Some(NodePortAddresses::In(ranges(list, diagnostics)))
}

fn exclude_cidrs(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<Cidr>> {
    list.tree()?;
    Some(ranges(list, diagnostics))
}

fn ranges(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<Cidr> {
    let count = limited(list, MAX_RANGES, diagnostics);
    (0..count).filter_map(|i| read_cidr(&list.item(i), diagnostics)).collect()
}

/// syncPeriod must be more than nothing; minSyncPeriod may be nothing.
fn period(cursor: &FieldCursor<'_>, positive: bool, diagnostics: &mut Diagnostics) -> Option<Span> {
    let period = span(cursor, diagnostics)?;
    let fits = period <= MAX_PERIOD && (!positive || period > Span::ZERO);
    if !fits {
        let value = clip(&duration::print(period.0));
        cursor.error(diagnostics, DiagnosticKind::BadFormat { value, format: Format::SyncPeriod });
    }
    fits.then_some(period)
}

pub fn write(config: &KubeProxy) -> Tree {
    let mut out = Tree::map();
    let mut put = |key: &str, value: Option<Tree>| {
        if let Some(value) = value {
            out.put(key, value);
        }
    };
    let text = |text: Str| Tree::string(&text);
    let cidr = |cidr: &Cidr| text(cidr.to_string().into());
    put(
        "clusterCIDR",
        config.cluster_cidr.map(|ranges| ranges.map_or_else(|| Tree::string(""), ranges::write)),
    );
    let mode = config.detect_local_mode.map(|mode| match mode {
        DetectLocalMode::ClusterCidr => ("ClusterCIDR", None),
        DetectLocalMode::NodeCidr => ("NodeCIDR", None),
        DetectLocalMode::BridgeInterface(name) => ("BridgeInterface", Some(("bridgeInterface", name))),
        DetectLocalMode::InterfaceNamePrefix(name) => {
            ("InterfaceNamePrefix", Some(("interfaceNamePrefix", name)))
        }
    });
    put("detectLocalMode", mode.map(|(mode, _)| Tree::string(mode)));
    put(
        "detectLocal",
        mode.and_then(|(_, interface)| interface).map(|(key, name)| {
            let mut detect_local = Tree::map();
            detect_local.put(key, Tree::string(name.as_str()));
            detect_local
        }),
    );
    put("masqueradeAll", config.masquerade_all.map(Tree::bool));
    put("masqueradeBit", config.masquerade_bit.map(|bit| Tree::int(i64::from(bit))));
    let addresses = config.node_port_addresses.as_ref().map(|addresses| match addresses {
        NodePortAddresses::Primary => Tree::seq(vec![Tree::string("primary")]),
        NodePortAddresses::In(ranges) => Tree::seq(ranges.iter().map(cidr).collect()),
    });
    put("nodePortAddresses", addresses);
    put("localhostNodePorts", config.localhost_node_ports.map(Tree::bool));
    put("nfacct", config.nfacct.map(Tree::bool));
    put("bindAddress", config.bind_address.map(|address| text(address.to_string().as_str().into())));
    put("strictARP", config.strict_arp.map(Tree::bool));
    put("excludeCIDRs", config.exclude_cidrs.as_ref().map(|all| Tree::seq(all.iter().map(cidr).collect())));
    let span = |span: Span| text(duration::print(span.0).as_str().into());
    put("minSyncPeriod", config.min_sync_period.map(span));
    put("syncPeriod", config.sync_period.map(span));
    out
}
