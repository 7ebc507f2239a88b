//! `status.qosClass` (component-helpers/scheduling/corev1; pkg/apis/core/v1/helper/qos/qos.go, ComputePodQOS).

use crate::api::{CPU, MEMORY, Pod, ResourceRequirements};

pub fn class(pod: &Pod) -> &'static str {
    let whole = [&pod.spec.resources];
    let has_own = whole.iter().any(|own| !own.requests.is_empty() || !own.limits.is_empty());
    let resources: Vec<&ResourceRequirements> = match has_own {
        true => whole.to_vec(),
        false => pod.spec.all_containers().map(|container| &container.resources).collect(),
    };
    let is_set = |of: &ResourceRequirements| {
        [&of.requests, &of.limits]
            .into_iter()
            .flat_map(|list| list.iter())
            .any(|(name, quantity)| is_counted(name) && quantity.milli_value() > 0)
    };
    if !resources.iter().any(|of| is_set(of)) {
        return "BestEffort";
    }
    let is_guaranteed = |of: &&ResourceRequirements| {
        [CPU, MEMORY].into_iter().all(|name| {
            let limit = of.limits.get(name).filter(|limit| limit.milli_value() > 0);
            let request = of.requests.get(name).or(limit);
            limit.is_some() && limit.map(|l| l.milli_value()) == request.map(|r| r.milli_value())
        })
    };
    if resources.iter().all(is_guaranteed) { "Guaranteed" } else { "Burstable" }
}

fn is_counted(name: &str) -> bool {
    name == CPU || name == MEMORY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{KubeObject, parse};

    /// From qos_test.go, TestComputePodQOS: resources of each container, and the class.
    #[test]
    fn a_pod_has_the_class_of_all_its_containers() {
        for (resources, expected) in [
            (&["{}"][..], "BestEffort"),
            (&["{requests: {example.com/gpu: 1}}"], "BestEffort"),
            (&["{limits: {cpu: 0, memory: 0}}"], "BestEffort"),
            (&["{limits: {cpu: 1, memory: 1Gi}}"], "Guaranteed"),
            (&["{limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1000m, memory: 1024Mi}}"], "Guaranteed"),
            (&["{limits: {cpu: 1, memory: 1Gi}}", "{limits: {cpu: 2, memory: 1Gi}}"], "Guaranteed"),
            (&["{limits: {cpu: 1, memory: 1Gi}}", "{}"], "Burstable"),
            (&["{limits: {cpu: 1}}"], "Burstable"),
            (&["{limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 500m}}"], "Burstable"),
            (&["{requests: {memory: 1Mi}}"], "Burstable"),
        ] {
            let containers: String = (0..)
                .zip(resources)
                .map(|(index, of)| format!("  - {{name: c{index}, image: i, resources: {of}}}\n"))
                .collect();
            let manifest = parse(&format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n{containers}"
            ));
            let [parsed] = &manifest.objects[..] else { panic!("{:?}", manifest.diagnostics) };
            let KubeObject::Pod(pod) = &parsed.object else { panic!("a Pod") };
            assert_eq!(class(pod), expected, "{resources:?}");
        }
    }
}
