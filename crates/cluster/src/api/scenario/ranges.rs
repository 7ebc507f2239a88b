//! `podCIDR`, `serviceCIDR` and `kubeProxy.clusterCIDR`: a range, or one of each IP family with a comma between them,
//! the primary family's first. So do kubeadm (`networking.podSubnet`) and the flags of upstream's programs have them.

use crate::api::decode::FieldCursor;
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::validate::quoted;
use crate::api::{DiagnosticKind, Format, Rule, Tree};
use crate::net::shortest_for;
use netfilter::{Cidr, Family, PerFamily};

/// `None` if nothing is written, or what is written is reported.
pub fn read(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<PerFamily<Cidr>> {
    let text = cursor.str()?;
    let parts = || text.split(',');
    let parse = |part: &str| part.trim().parse::<Cidr>().ok();
    if let Some(wrong) = parts().find(|part| parse(part).is_none()) {
        let value = clip(wrong);
        cursor.error(diagnostics, DiagnosticKind::BadFormat { value, format: Format::Cidr });
        return None;
    }
    let mut ranges = parts().filter_map(parse);
    let (first, second, third) = (ranges.next()?, ranges.next(), ranges.next());
    let family = |range: Cidr| Family::of(range.address());
    match (second, third) {
        (None, _) => Some(PerFamily::single(family(first), first)),
        (Some(second), None) if family(second) != family(first) => {
            Some(PerFamily::dual(family(first), first, second))
        }
        (Some(_), _) => {
            violates(cursor, text, Rule::OneRangePerFamily, diagnostics);
            None
        }
    }
}

/// Not larger than what kube-controller-manager shares out among nodes.
pub fn read_pods(spec: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<PerFamily<Cidr>> {
    let cursor = spec.field("podCIDR");
    let pods = read(&cursor, diagnostics)?;
    for range in pods.values().filter(|range| range.length() < shortest_for(**range)) {
        let (value, shortest) = (range.to_string().into(), shortest_for(*range));
        cursor.error(diagnostics, DiagnosticKind::PodRangeTooLarge { value, shortest });
    }
    Some(pods)
}

/// Of families that the Pods have, and neither too small nor too large.
pub fn read_services(spec: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<PerFamily<Cidr>> {
    let cursor = spec.field("serviceCIDR");
    let services = read(&cursor, diagnostics)?;
    let pods = read(&spec.field("podCIDR"), &mut Diagnostics::default());
    let has_no_pods = |family| pods.is_some_and(|pods| pods.get(family).is_none());
    let of_other = services.iter().find(|(family, _)| has_no_pods(*family)).map(|(_, range)| *range);
    if let Some(range) = of_other {
        violates(&cursor, &range.to_string(), Rule::ServiceFamily, diagnostics);
    }
    for range in services.values() {
        check_service_range(*range, &cursor, diagnostics);
    }
    of_other.is_none().then_some(services)
}

/// ipallocator.go, NewIPAllocator: "shortest allowed prefix length for service CIDR is 64". Of IPv4 any length is.
const SHORTEST_OF_SERVICES_V6: u8 = 64;

/// At least 8: pkg/controlplane/services.go, ServiceIPRange.
fn check_service_range(services: Cidr, cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    if services.size() < 8 {
        let longest = if services.address().is_ipv4() { 29 } else { 125 };
        let value = services.to_string().into();
        cursor.error(diagnostics, DiagnosticKind::ServiceRangeTooSmall { value, longest });
    }
    if services.address().is_ipv6() && services.length() < SHORTEST_OF_SERVICES_V6 {
        let (value, shortest) = (services.to_string().into(), SHORTEST_OF_SERVICES_V6);
        cursor.error(diagnostics, DiagnosticKind::ServiceRangeTooLarge { value, shortest });
    }
}

fn violates(cursor: &FieldCursor<'_>, text: &str, why: Rule, diagnostics: &mut Diagnostics) {
    cursor.error(diagnostics, DiagnosticKind::Violates { value: quoted(text), why });
}

pub fn write(ranges: PerFamily<Cidr>) -> Tree {
    let written: Vec<String> = ranges.values().map(ToString::to_string).collect();
    Tree::string(&written.join(","))
}
