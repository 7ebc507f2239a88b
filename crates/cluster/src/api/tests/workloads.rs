//! Deployments: shape, values, defaults.

use super::{check_fine, check_problem, deployment, only, problems};
use crate::api::*;

#[test]
fn a_deployment_with_every_default() {
    let KubeObject::Deployment(deployment) = only(&deployment("")) else { panic!() };
    assert_eq!(deployment.spec.replicas, 1);
    assert_eq!(deployment.spec.strategy, DeploymentStrategy::default());
    assert_eq!(deployment.spec.template.spec.termination_grace_period_s, 30);
    assert!(deployment.spec.selector.matches(&deployment.spec.template.labels));
}

#[test]
fn rules_of_a_deployment() {
    for (line, expected) in [
        ("replicas: -1", "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        (
            "replicas: '3'",
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        ("strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}", "may not be specified when strategy"),
        ("strategy: {type: rolling}", "Unsupported value"),
        ("strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}", "may not be 0 when `maxSurge` is 0"),
        ("strategy: {rollingUpdate: {maxSurge: half}}", "a valid percent string"),
        ("strategy: {rollingUpdate: {maxUnavailable: 101%}}", "\"101%\": must not be greater than 100%"),
        (
            "strategy: {rollingUpdate: {maxSurge: 1.5}}",
            "json: cannot unmarshal number 1.5 into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32",
        ),
    ] {
        check_problem(&deployment(line), expected);
    }
    let text = deployment("");
    check_problem(
        &text.replace("labels: {app: x}", "labels: {app: z}"),
        "`selector` does not match template `labels`",
    );
    check_problem(&text.replace("metadata: {labels: {app: x}}", "metadata: {}"), "`selector` does not match");
    check_problem(&text.replace("{matchLabels: {app: x}}", "{}"), "empty selector");
    let found = problems(&parse(&text.replace("  selector: {matchLabels: {app: x}}\n", "")));
    let mismatch = "spec.template.metadata.labels: Invalid value: {\"app\":\"x\"}: `selector` does not match template `labels`";
    assert_eq!(found, ["spec.selector: Required value", mismatch]);
    let by = |requirement: &str| {
        text.replace("{matchLabels: {app: x}}", &format!("{{matchExpressions: [{requirement}]}}"))
    };
    check_fine(&by("{key: app, operator: In, values: [x, z]}"));
    check_problem(&by("{key: app, operator: NotIn, values: [x]}"), "does not match");
    for (requirement, expected) in [
        ("{key: app, operator: In}", "must be specified when `operator` is 'In'"),
        ("{key: app, operator: Exists, values: [x]}", "may not be specified when `operator`"),
        ("{key: app, operator: Near}", "Invalid value: \"Near\": not a valid selector operator"),
    ] {
        let found = problems(&parse(&by(requirement)));
        assert!(found.len() == 2 && found[0].contains(expected), "{found:#?}");
        assert!(found[1].ends_with(": invalid label selector"), "{found:#?}");
    }
    check_problem(
        &text.replace("apps/v1", "extensions/v1beta1"),
        "no matches for kind \"Deployment\" in version \"extensions/v1beta1\"",
    );
    check_problem(&text.replace("apps/v1", "v1"), "no matches for kind");
    check_problem(
        &text.replace("image: i}]", "image: i}], restartPolicy: Never"),
        "supported values: \"Always\"",
    );
}

#[test]
fn strategies() {
    let strategy = |line: &str| match only(&deployment(line)) {
        KubeObject::Deployment(d) => d.spec.strategy,
        other => panic!("{other:?}"),
    };
    assert_eq!(strategy("strategy: {type: Recreate}"), DeploymentStrategy::Recreate);
    let half = strategy("strategy: {rollingUpdate: {maxSurge: 50%, maxUnavailable: 0}}");
    let expected = DeploymentStrategy::RollingUpdate {
        max_surge: IntOrPercent::Percent(50),
        max_unavailable: IntOrPercent::Int(0),
    };
    assert_eq!(half, expected);
}
