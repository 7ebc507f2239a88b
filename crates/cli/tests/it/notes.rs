//! What is said of a cluster before the answer: each thing once.

use crate::support::packetyard;

const CLUSTER: &str = "
apiVersion: v1
kind: Service
metadata: {name: typo}
spec: {selector: {app: wbe}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: kettle}
spec: {selector: {app: kettle}, ports: [{port: 80}]}
---
apiVersion: example.com/v1
kind: Kettle
metadata: {name: kettle}
---
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: web}}
spec:
  containers:
  - {name: c, image: i, ports: [{containerPort: 80}], livenessProbe: &probe {tcpSocket: {port: 81}}, readinessProbe: *probe}
---
apiVersion: v1
kind: Pod
metadata: {name: b, labels: {app: web}}
spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}], livenessProbe: {tcpSocket: {port: 82}}}]}
";

#[test]
fn each_thing_is_said_once() {
    let file = std::env::temp_dir().join(format!("packetyard-notes-{}.yaml", std::process::id()));
    std::fs::write(&file, CLUSTER).expect("the folder for temporary files can be written to");
    let (ok, _, err) = packetyard(&["get", "services"], &file);
    std::fs::remove_file(&file).expect("it was written");
    assert!(ok, "{err}");
    let lines_with = |what: &str| err.lines().filter(|line| line.contains(what)).collect::<Vec<_>>();
    let typo = lines_with("default/typo");
    assert!(typo.len() == 1 && typo[0].ends_with("; did you mean app=web?"), "{err}");
    let not_simulated = "note: Service default/kettle has no endpoints: its Pods come from Kettle kettle, which is not simulated";
    assert_eq!(lines_with("Service default/kettle"), [not_simulated]);
    let probed = "note: ports that no container declares are taken to be served, since probes ask them: 81 of Pod a, 82 of Pod b";
    assert_eq!(lines_with("probe"), [probed]);
}
