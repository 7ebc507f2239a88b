//! What the API server warns of.

use super::object;
use crate::api::{DiagnosticKind, Manifest, parse};

fn warnings(spec: &str) -> Vec<String> {
    of(&parse(&object("v1", "Pod", spec)))
}

fn of(manifest: &Manifest) -> Vec<String> {
    let found = manifest.diagnostics.iter();
    let of_server = found.filter(|d| matches!(d.message, DiagnosticKind::Server { .. }));
    of_server.map(|d| d.message.to_string()).collect()
}

/// After warnings_test.go, TestWarnings: a port is warned of with all that are the same, a name with the first that has
/// it, and the containers that come first count, too.
#[test]
fn ports_that_are_the_same() {
    let same = |port: &str, other: &str| format!("spec.{port}: duplicate port definition with spec.{other}");
    let [a, b, c] = ["containers[0].ports[0]", "containers[0].ports[2]", "containers[1].ports[0]"];
    let text = "containers:\n- {name: a, image: i, ports: [{containerPort: 80}, {containerPort: 81}, {containerPort: 80}]}\n- {name: b, image: i, ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}]}\n";
    assert_eq!(warnings(text), [same(b, a), same(c, a), same(c, b)]);
    let named = |port: &str| {
        let first = "spec.initContainers[0].ports[0]";
        format!(
            "spec.{port}: duplicate port name \"web\" with {first}, services and probes that select ports by name will use {first}"
        )
    };
    let text = "initContainers: [{name: a, image: i, ports: [{name: web, containerPort: 1}]}]\ncontainers: [{name: b, image: i, ports: [{name: web, containerPort: 2}]}, {name: c, image: i, ports: [{name: web, containerPort: 3}]}]\n";
    assert_eq!(warnings(text), [named(a), named(c)]);
}

/// apiserver endpoints/filters/warning.go: the one that fills the 4096 characters is the last.
#[test]
fn the_api_server_does_not_warn_for_ever() {
    let ports = "{containerPort: 80}, ".repeat(5_000);
    let found = warnings(&format!("containers: [{{name: a, image: i, ports: [{ports}]}}]\n"));
    let length = |found: &[String]| found.iter().map(|text| text.chars().count()).sum::<usize>();
    assert!(length(&found) >= 4_096 && length(&found[..found.len() - 1]) < 4_096, "{}", found.len());
}

/// After warnings_test.go, TestWarnings: the ports that overlap.
#[test]
fn ports_that_overlap() {
    let found = |ports: &[&str]| {
        let ports: Vec<String> = ports.iter().map(|port| format!("{{containerPort: 80, {port}}}")).collect();
        warnings(&format!("containers: [{{name: a, image: i, ports: [{}]}}]\n", ports.join(", ")))
    };
    let says = |a: usize, how: &str, b: usize| {
        format!("spec.containers[0].ports[{a}]: {how} port definition with spec.containers[0].ports[{b}]")
    };
    let [one, two] = ["hostPort: 80, hostIP: 10.0.0.1", "hostPort: 80, hostIP: 10.0.0.2"];
    for (ports, expected) in [
        (&["", "hostPort: 80"][..], vec![says(1, "overlapping", 0)]),
        (&["hostPort: 80", ""], vec![says(1, "overlapping", 0)]),
        (&["hostPort: 80", one], vec![says(1, "dangerously ambiguous", 0)]),
        (
            &[one, two, "hostPort: 80"],
            vec![says(2, "dangerously ambiguous", 0), says(2, "dangerously ambiguous", 1)],
        ),
        (&["hostPort: 81", "", "hostPort: 82"], vec![says(1, "overlapping", 0), says(2, "overlapping", 1)]),
        (&[one, two, "hostPort: 81"], vec![]),
        (&["name: a", "name: b, protocol: UDP"], vec![]),
    ] {
        assert_eq!(found(ports), expected, "{ports:?}");
    }
    let without = "spec.containers[0].ports[0]: hostIP set without hostPort: {Name:web HostPort:0 ContainerPort:80 Protocol:TCP HostIP:10.0.0.1}";
    assert_eq!(found(&["name: web, hostIP: 10.0.0.1"]), [without]);
}

/// pkg/api/pod/warnings.go, line by line.
#[test]
fn what_a_pod_is_warned_of() {
    let pod = |rest: &str| format!("containers: [{{name: a, image: i}}]\n{rest}\n");
    let container = |rest: &str| format!("containers: [{{name: a, image: i, {rest}}}]\n");
    for (spec, expected) in [
        (
            pod("nodeSelector: {beta.kubernetes.io/os: linux}"),
            vec![
                r#"spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead"#,
            ],
        ),
        (
            pod(
                "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: node-role.kubernetes.io/master, operator: Exists}]}}]}}",
            ),
            vec![
                r#"spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].key: node-role.kubernetes.io/master is use "node-role.kubernetes.io/control-plane" instead"#,
            ],
        ),
        (
            pod(
                "topologySpreadConstraints: [{maxSkew: 1, topologyKey: failure-domain.beta.kubernetes.io/zone, whenUnsatisfiable: ScheduleAnyway}]",
            ),
            vec![
                r#"spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead"#,
                "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
            ],
        ),
        (
            pod(
                "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a}]}, podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: a}}]}}",
            ),
            vec![
                "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod",
                "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector: a null labelSelector results in matching no pod",
            ],
        ),
        (
            pod("terminationGracePeriodSeconds: -1"),
            vec![
                "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1",
            ],
        ),
        (
            pod("dnsPolicy: None\ndnsConfig: {nameservers: [10.0.0.1, 'fd00:0::1']}"),
            vec![
                r#"spec.dnsConfig.nameservers[1]: IPv6 address "fd00:0::1" should be in RFC 5952 canonical format ("fd00::1")"#,
            ],
        ),
        (
            container("resources: {limits: {memory: 100m}, requests: {memory: 50m, cpu: 100m}}"),
            vec![
                r#"spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer"#,
                r#"spec.containers[0].resources.requests[memory]: fractional byte value "50m" is invalid, must be an integer"#,
            ],
        ),
        (
            container(
                "env: [{name: A, value: a}, {name: A, value: '$(A)b'}, {name: A, value: c}, {name: B, value: b}]",
            ),
            vec![
                r#"spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply"#,
            ],
        ),
        (
            pod(
                "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: a, operator: In, values: [b, '-c']}]}}]}}",
            ),
            vec![
                r#"spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values[1]: -c is invalid, a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"#,
            ],
        ),
        (
            pod(
                "volumes: [{name: a, storageos: {}}, {name: b, rbd: {monitors: [m], image: i}}, {name: c, gitRepo: {repository: r}}]",
            ),
            vec![
                "spec.volumes[0].storageOS: deprecated in v1.22, non-functional in v1.25+",
                "spec.volumes[1].rbd: deprecated in v1.28, non-functional in v1.31+",
                "spec.volumes[2].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
            ],
        ),
        (
            pod(
                "volumes: [{name: a, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 100m}}}}}}]",
            ),
            vec![
                r#"spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value "100m" is invalid, must be an integer"#,
            ],
        ),
        (
            pod("hostAliases: [{ip: 10.0.0.1}, {ip: 10.0.0.1}, {ip: 'FD00::1'}]"),
            vec![
                r#"spec.hostAliases[1].ip: duplicate ip "10.0.0.1""#,
                r#"spec.hostAliases[2].ip: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")"#,
            ],
        ),
        (
            pod("imagePullSecrets: [{name: a}, {name: ''}, {name: a}]"),
            vec![
                r#"spec.imagePullSecrets[2].name: duplicate name "a""#,
                r#"spec.imagePullSecrets[1].name: invalid empty name """#,
            ],
        ),
    ] {
        assert_eq!(warnings(&spec), expected, "{spec}");
    }
}

/// What a required term may not have.
#[test]
fn a_required_term_has_values_of_labels() {
    let spec = "containers: [{name: a, image: i}]\naffinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: In, values: ['-c']}]}]}}}\n";
    assert_eq!(parse(&object("v1", "Pod", spec)).errors().count(), 1);
}

/// Of a Pod AppArmor comes first; of a template it comes with its container.
#[test]
fn annotations_that_do_nothing() {
    let annotations = "{scheduler.alpha.kubernetes.io/critical-pod: '', security.alpha.kubernetes.io/sysctls: a=b, seccomp.security.alpha.kubernetes.io/pod: runtime/default, container.seccomp.security.alpha.kubernetes.io/a: runtime/default, container.apparmor.security.beta.kubernetes.io/a: localhost/p}";
    let said = |at: &str, key: &str, what: &str| format!("{at}metadata.annotations[{key}]: {what}");
    let app_armor = |at: &str| {
        let what = "deprecated since v1.30; use the \"appArmorProfile\" field instead";
        said(at, "container.apparmor.security.beta.kubernetes.io/a", what)
    };
    let rest = |at: &str| {
        let seccomp = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
        [
            said(
                at,
                "scheduler.alpha.kubernetes.io/critical-pod",
                "non-functional in v1.16+; use the \"priorityClassName\" field instead",
            ),
            said(
                at,
                "security.alpha.kubernetes.io/sysctls",
                "non-functional in v1.11+; use the \"sysctls\" field instead",
            ),
            said(at, "seccomp.security.alpha.kubernetes.io/pod", seccomp),
            said(at, "container.seccomp.security.alpha.kubernetes.io/a", seccomp),
        ]
    };
    let pod = |context: &str, own: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a, annotations: {annotations}}}, spec: {{securityContext: {{{context}}}, containers: [{{name: a, image: i, securityContext: {{{own}}}}}]}}}}\n"
        )
    };
    let found = |text: &str| of(&parse(text));
    assert_eq!(found(&pod("", "")), [vec![app_armor("")], rest("").to_vec()].concat());
    let of_pod =
        "seccompProfile: {type: RuntimeDefault}, appArmorProfile: {type: Localhost, localhostProfile: p}";
    let [critical, sysctls, _, of_container] = rest("");
    assert_eq!(found(&pod(of_pod, "")), [critical.clone(), sysctls.clone(), of_container]);
    assert_eq!(found(&pod(of_pod, "seccompProfile: {type: Unconfined}")), [critical, sysctls]);
    let template = format!(
        "{{selector: {{matchLabels: {{a: b}}}}, template: {{metadata: {{labels: {{a: b}}, annotations: {annotations}}}, spec: {{containers: [{{name: a, image: i}}]}}}}}}\n"
    );
    let at = "spec.template.";
    let expected = [rest(at).to_vec(), vec![app_armor(at)]].concat();
    assert_eq!(found(&object("apps/v1", "Deployment", &template)), expected);
}

#[test]
fn workloads_beyond_their_limits() {
    let template = "template: {metadata: {labels: {a: b}}, spec: {restartPolicy: POLICY, containers: [{name: a, image: i}]}}";
    let job = template.replace("POLICY", "Never");
    let found = |completions: u32, mode: &str| {
        let spec =
            format!("{{completionMode: {mode}, completions: {completions}, parallelism: 10001, {job}}}\n");
        of(&parse(&object("batch/v1", "Job", &spec)))
    };
    let expected = "spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail";
    assert_eq!(found(100_001, "Indexed"), [expected]);
    assert_eq!(found(100_000, "Indexed"), [""; 0]);
    assert_eq!(found(100_001, "NonIndexed"), [""; 0]);
    let set = format!(
        "{{revisionHistoryLimit: -1, selector: {{matchLabels: {{a: b}}}}, {}, volumeClaimTemplates: [{{metadata: {{name: c}}, spec: {{resources: {{limits: {{storage: 1m}}}}}}}}]}}\n",
        template.replace("POLICY", "Always")
    );
    let expected = [
        "spec.volumeClaimTemplates[0].resources.limits[storage]: fractional byte value \"1m\" is invalid, must be an integer",
        "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended",
    ];
    assert_eq!(of(&parse(&object("apps/v1", "StatefulSet", &set))), expected);
}

/// A template is warned of as the Pods would be, at its place; and what is refused is not warned of.
#[test]
fn templates_are_warned_of() {
    let spec =
        "{restartPolicy: POLICY, terminationGracePeriodSeconds: -1, containers: [{name: a, image: i}]}";
    let template = format!("template: {{metadata: {{labels: {{a: b}}}}, spec: {spec}}}");
    let apps = ["selector: {matchLabels: {a: b}}, ", &template.replace("POLICY", "Always")].concat();
    let job = template.replace("POLICY", "Never");
    for (version, kind, spec, at) in [
        ("apps/v1", "Deployment", apps.clone(), "spec"),
        ("apps/v1", "ReplicaSet", apps.clone(), "spec"),
        ("apps/v1", "StatefulSet", apps.clone(), "spec"),
        ("apps/v1", "DaemonSet", apps.clone(), "spec"),
        ("v1", "ReplicationController", template.replace("POLICY", "Always"), "spec"),
        ("batch/v1", "Job", job.clone(), "spec"),
        (
            "batch/v1",
            "CronJob",
            format!("schedule: '0 0 * * *', jobTemplate: {{spec: {{{job}}}}}"),
            "spec.jobTemplate.spec",
        ),
    ] {
        let found = of(&parse(&object(version, kind, &format!("{{{spec}}}\n"))));
        let expected = format!(
            "{at}.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"
        );
        assert_eq!(found, [expected], "{kind}");
    }
    assert_eq!(warnings("terminationGracePeriodSeconds: -1\ncontainers: []\n"), [""; 0]);
}

/// pkg/api/service/warnings.go, line by line.
#[test]
fn what_a_service_is_warned_of() {
    const DEPRECATED: &str =
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
    let ports = "ports: [{port: 80}]";
    for (spec, expected) in [
        (
            "clusterIP: None, externalIPs: [192.0.2.1], loadBalancerIP: 192.0.2.2, sessionAffinity: ClientIP",
            vec![
                "spec.loadBalancerIP is ignored for headless services",
                "spec.externalIPs is ignored for headless services",
                "spec.SessionAffinity is ignored for headless services",
            ],
        ),
        (
            "externalIPs: [192.0.2.1, 'FD00::1']",
            vec![
                r#"spec.externalIPs[1]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")"#,
                DEPRECATED,
            ],
        ),
        (
            "type: ExternalName, externalName: example.com, externalIPs: [192.0.2.1]",
            vec![r#"spec.externalIPs is ignored when spec.type is "ExternalName""#],
        ),
        (
            "externalName: example.com",
            vec![r#"spec.externalName is ignored when spec.type is not "ExternalName""#],
        ),
        (
            "trafficDistribution: PreferClose",
            vec![r#"spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone""#],
        ),
        ("trafficDistribution: PreferSameZone", vec![]),
        (
            "clusterIP: 'FD00::1'",
            vec![
                r#"spec.clusterIPs[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")"#,
            ],
        ),
        (
            "type: LoadBalancer, loadBalancerIP: 'FD00::1', loadBalancerSourceRanges: [10.0.0.0/8, 'fd00:0::/64']",
            vec![
                r#"spec.loadBalancerIP: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")"#,
                r#"spec.loadBalancerSourceRanges[1]: IPv6 CIDR value "fd00:0::/64" should be in RFC 5952 canonical format ("fd00::/64")"#,
            ],
        ),
        (
            "type: LoadBalancer, loadBalancerIP: 010.0.0.1",
            vec![
                r#"spec.loadBalancerIP: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1""#,
            ],
        ),
        (
            "type: LoadBalancer, loadBalancerIP: '::ffff:1.2.3.4'",
            vec![
                r#"spec.loadBalancerIP: non-standard IP address "::ffff:1.2.3.4" will be considered invalid in a future Kubernetes release: use "1.2.3.4""#,
            ],
        ),
        ("type: LoadBalancer, loadBalancerIP: 'fd00:0::/64'", vec![]),
    ] {
        assert_eq!(
            of(&parse(&object("v1", "Service", &format!("{{{spec}, {ports}}}\n")))),
            expected,
            "{spec}"
        );
    }
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a, annotations: {service.kubernetes.io/topology-aware-hints: auto}}\nspec: {ports: [{port: 80}]}\n";
    let expected = "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead";
    assert_eq!(of(&parse(text)), [expected]);
}
