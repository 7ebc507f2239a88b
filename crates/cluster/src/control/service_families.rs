//! Which IP families a Service has: the API server infers what is not written, and refuses what the cluster has not
//! got (pkg/registry/core/service/storage/alloc.go, initIPFamilyFields).

use crate::api::{
    DiagnosticKind, FieldError, FieldPath, IpFamilyPolicy, Kind, NsName, ObjectRef, Rule, Service,
    ServiceSpec, ServiceType, listed,
};
use crate::sim::{Refusal, World};
use netfilter::{Family, PerFamily};

impl World {
    /// `spec.ipFamilies`; without any, as of type ExternalName, the primary family of the cluster's Services.
    pub(super) fn ip_families(&self, service: &Service) -> PerFamily<()> {
        match service.spec.ip_families.as_slice() {
            [] => PerFamily::single(self.config.service_cidrs.primary_family(), ()),
            [family] => PerFamily::single(*family, ()),
            // No family is there twice, validation has made sure.
            [family, ..] => PerFamily::dual(*family, (), ()),
        }
    }

    /// Sets `ipFamilyPolicy` and `ipFamilies`. An update that asks for SingleStack, and for no other addresses or
    /// families, gives the second ones up.
    pub(super) fn init_ip_families(
        &self,
        service: &mut Service,
        old: Option<&ServiceSpec>,
    ) -> Result<(), Refusal> {
        let key = service.meta.key();
        let spec = &mut service.spec;
        if spec.type_ == ServiceType::ExternalName {
            return Ok(());
        }
        let policy = spec.ip_family_policy.unwrap_or_else(|| usual_policy(spec, old));
        spec.ip_family_policy = Some(policy);
        let mut errors = old.map_or_else(Vec::new, |old| release(spec, policy, old));
        errors.extend(more_than_one_family(spec, policy));
        errors.extend(self.infer_from_addresses(spec));
        refuse(errors, &key)?;
        let is_headless_without_selector = spec.headless && has_no_selector(spec);
        if !is_headless_without_selector {
            refuse(self.not_configured(spec, policy), &key)?;
        }
        if spec.ip_families.is_empty() {
            spec.ip_families.push(self.config.service_cidrs.primary_family());
        }
        // Who writes the endpoints of a headless Service may have addresses that the cluster has not got.
        let may_have_both = is_headless_without_selector || self.has_two_service_families();
        if let [only] = spec.ip_families[..]
            && policy != IpFamilyPolicy::SingleStack
            && may_have_both
        {
            spec.ip_families.push(only.other());
        }
        Ok(())
    }

    fn has_two_service_families(&self) -> bool {
        self.config.service_cidrs.families().count() > 1
    }

    /// A family for each address that has none.
    fn infer_from_addresses(&self, spec: &mut ServiceSpec) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for (index, ip) in spec.cluster_ips.iter().enumerate() {
            let family = Family::of(*ip);
            if index < spec.ip_families.len() {
                continue;
            }
            if self.config.service_cidrs.get(family).is_some() {
                spec.ip_families.push(family);
            } else {
                let expected = format!("{} is not configured on this cluster", family.as_str()).into();
                let value = listed(&spec.cluster_ips).into();
                let (spec, message) = (FieldPath::new("spec"), DiagnosticKind::Invalid { value, expected });
                errors.push(spec.child("clusterIPs").item(index).error(message));
            }
        }
        errors
    }

    fn not_configured(&self, spec: &ServiceSpec, policy: IpFamilyPolicy) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if policy == IpFamilyPolicy::RequireDualStack && !self.has_two_service_families() {
            errors.push(wrong_policy(policy, Rule::NotDualStack));
        }
        let path = FieldPath::new("spec");
        let path = path.child("ipFamilies");
        for (index, family) in spec.ip_families.iter().enumerate() {
            if self.config.service_cidrs.get(*family).is_none() {
                let value = format!("{:?}", family.as_str()).into();
                let why = Rule::FamilyNotConfigured;
                errors.push(path.item(index).error(DiagnosticKind::Violates { value, why }));
            }
        }
        errors
    }
}

fn usual_policy(spec: &ServiceSpec, old: Option<&ServiceSpec>) -> IpFamilyPolicy {
    let old = old.and_then(|old| old.ip_family_policy);
    old.unwrap_or(match spec.headless && has_no_selector(spec) {
        true => IpFamilyPolicy::RequireDualStack,
        false => IpFamilyPolicy::SingleStack,
    })
}

fn has_no_selector(spec: &ServiceSpec) -> bool {
    spec.selector.as_ref().is_none_or(|selector| selector.is_empty())
}

/// What an update takes away it has to ask for.
fn release(spec: &mut ServiceSpec, policy: IpFamilyPolicy, old: &ServiceSpec) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if policy == IpFamilyPolicy::SingleStack {
        if spec.cluster_ips == old.cluster_ips {
            spec.cluster_ips.truncate(1);
        }
        if spec.ip_families == old.ip_families {
            spec.ip_families.truncate(1);
        }
        return errors;
    }
    let is_reduced = |new: usize, old: usize| new > 0 && new < old;
    let count = |spec: &ServiceSpec| if spec.headless { 1 } else { spec.cluster_ips.len() };
    if is_reduced(count(spec), count(old)) {
        errors.push(wrong_policy(policy, Rule::ReleasesClusterIp));
    }
    if is_reduced(spec.ip_families.len(), old.ip_families.len()) {
        errors.push(wrong_policy(policy, Rule::ReleasesFamily));
    }
    errors
}

fn more_than_one_family(spec: &ServiceSpec, policy: IpFamilyPolicy) -> Vec<FieldError> {
    let (ips, families) = (spec.cluster_ips.len(), spec.ip_families.len());
    [(ips, Rule::SingleStackClusterIps), (families, Rule::SingleStackFamilies)]
        .into_iter()
        .filter(|(count, _)| *count == 2 && policy == IpFamilyPolicy::SingleStack)
        .map(|(_, why)| wrong_policy(policy, why))
        .collect()
}

fn wrong_policy(policy: IpFamilyPolicy, why: Rule) -> FieldError {
    let value = format!("{:?}", policy.as_str()).into();
    FieldPath::new("spec").child("ipFamilyPolicy").error(DiagnosticKind::Violates { value, why })
}

fn refuse(errors: Vec<FieldError>, service: &NsName) -> Result<(), Refusal> {
    if errors.is_empty() {
        return Ok(());
    }
    let service = ObjectRef::of_key(Kind::Service, service);
    let diagnostics = errors.into_iter().map(|error| error.diagnostic(service.clone())).collect();
    Err(Refusal::Invalid { diagnostics })
}
