//! `podCIDR`, `serviceCIDR` and `kubeProxy.clusterCIDR`: a range, or one of each IP family with a comma between them,
//! the primary family's first. So do kubeadm (`networking.podSubnet`) and the flags of upstream's programs have them.

use crate::api::decode::FieldCursor;
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::validate::quoted;
use crate::api::{DiagnosticKind, Format, Rule, Tree};
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

/// Of families that the Pods have, and large enough.
pub fn read_services(spec: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<PerFamily<Cidr>> {
    let cursor = spec.field("serviceCIDR");
    let services = read(&cursor, diagnostics)?;
    let pods = read(&spec.field("podCIDR"), &mut Diagnostics::default());
    let agree = pods.is_none_or(|pods| services.families().all(|family| pods.get(family).is_some()));
    if !agree {
        violates(&cursor, cursor.str().map_or("", |text| text), Rule::ServiceFamily, diagnostics);
    }
    for range in services.values() {
        check_service_range(*range, &cursor, diagnostics);
    }
    agree.then_some(services)
}

/// pkg/controlplane/services.go, ServiceIPRange.
fn check_service_range(services: Cidr, cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    if services.size() < 8 {
        let longest = if services.address().is_ipv4() { 29 } else { 125 };
        let value = services.to_string().into();
        cursor.error(diagnostics, DiagnosticKind::ServiceRangeTooSmall { value, longest });
    }
}

fn violates(cursor: &FieldCursor<'_>, text: &str, why: Rule, diagnostics: &mut Diagnostics) {
    cursor.error(diagnostics, DiagnosticKind::Violates { value: quoted(text), why });
}

pub fn write(ranges: PerFamily<Cidr>) -> Tree {
    let written: Vec<String> = ranges.values().map(ToString::to_string).collect();
    Tree::string(&written.join(","))
}
