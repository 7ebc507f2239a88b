//! The clusters that sequences of actions begin with: each mode and family, each way of telling time.

use cluster::api::{Manifest, Severity, parse};
use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::Run;
use proptest::prelude::*;

/// What differs between one cluster and another.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    pub mode: u8,
    pub families: u8,
    pub is_realistic: bool,
    pub drains: bool,
    pub has_dns_pods: bool,
    pub cloud: u8,
}

/// Of the Pods, and with two families of the Services.
const RANGES: [&str; 4] = [
    "",
    "  podCIDR: fd00:10:244::/56\n",
    "  podCIDR: 10.244.0.0/16,fd00:10:244::/56\n  serviceCIDR: 10.96.0.0/12,fd00:10:96::/112\n",
    "  podCIDR: fd00:10:244::/56,10.244.0.0/16\n  serviceCIDR: fd00:10:96::/112,10.96.0.0/12\n",
];
const CLOUDS: [&str; 4] =
    ["{ipMode: VIP}", "{ipMode: Proxy}", "none", "{addressPool: [172.18.255.200/29, 'fd00:9::/125']}"];

impl Cluster {
    pub fn any() -> impl Strategy<Value = Cluster> {
        let modes = 0..ProxyMode::ALL.len() as u8;
        (modes, 0..CLOUDS.len() as u8, 0..RANGES.len() as u8, any::<[bool; 3]>()).prop_map(
            |(mode, cloud, families, flags)| Cluster {
                mode,
                cloud,
                families,
                is_realistic: flags[0],
                drains: flags[1],
                has_dns_pods: flags[2],
            },
        )
    }

    pub fn text(&self) -> String {
        let mode = ProxyMode::ALL[usize::from(self.mode) % ProxyMode::ALL.len()].as_str();
        let timing = if self.is_realistic { "realistic" } else { "teaching" };
        let cloud = CLOUDS[usize::from(self.cloud) % CLOUDS.len()];
        let dns = if self.has_dns_pods { "pods" } else { "ideal" };
        let range = RANGES[usize::from(self.families) % RANGES.len()];
        let spec = format!(
            "  proxyMode: {mode}\n  timing: {timing}\n  apps: {{drain: {}}}\n  cloud: {cloud}\n  dns: {dns}\n{range}",
            self.drains
        );
        [OBJECTS, SCENARIO, &spec].concat()
    }

    pub fn manifest(&self) -> Manifest {
        let manifest = parse(&self.text());
        let errors = manifest.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        assert_eq!(errors.count(), 0, "the manifests are good: {:?}", manifest.diagnostics);
        manifest
    }

    pub fn start(&self, seed: u64) -> Run {
        let (run, refusals) = Run::new(&self.manifest(), Some(seed));
        assert_eq!(refusals, [], "the API server takes these manifests");
        run
    }
}

const OBJECTS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
      - name: web
        image: nginx
        ports: [{containerPort: 8080}]
        readinessProbe: {periodSeconds: 1, httpGet: {port: 8080}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  ipFamilyPolicy: PreferDualStack
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
---
apiVersion: v1
kind: Service
metadata: {name: also-web}
spec: {selector: {app: web}, ports: [{port: 81, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: balanced}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  sessionAffinity: ClientIP
  ipFamilyPolicy: PreferDualStack
  loadBalancerSourceRanges: [203.0.113.0/24, '2001:db8:113::/65']
  externalIPs: [198.51.100.20, '2001:db8:1::20']
  selector: {app: web}
  ports: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 53, protocol: UDP, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {containers: [{name: curl, image: curl}]}
";

const SCENARIO: &str = "---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  clients:
  - {name: inside, from: pod/default/curl, to: 'http://web', rate: 3}
  - {name: kept, from: pod/default/curl, to: 'also-web:81', rate: 1, keepAlive: true}
  - {name: outside, from: outside, to: service/default/web, rate: 2}
  - {name: balanced, from: outside, to: service/default/balanced, rate: 1}
  - {name: datagrams, from: deploy/default/web, to: 'balanced:53', rate: 1, protocol: UDP}
  - {name: host, from: node/node-1, to: 'http://web', rate: 1, timeout: 20s}
";
