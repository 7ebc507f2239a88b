// The scenes that are measured, as the links that open them.
import { existsSync, readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";

/** The page's own form of a link: see src/embed/link.rs. */
export const link = (text) => `#v1.d.${deflateRawSync(text).toString("base64url")}`;

const workload = (name, replicas) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: ${name}, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {type: NodePort, selector: {app: ${name}}, ports: [{port: 80, targetPort: 8080}]}
---`;

/** Twelve Pods, four clients at two requests a second each. */
const twelve = `${workload("web", 4)}${workload("cart", 4)}${workload("pay", 4)}
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  at: 12s
  clients:
  - {name: browser, from: outside, to: service/default/web, rate: 2}
  - {name: visitor, from: outside, to: service/default/cart, rate: 2}
  - {name: web-to-cart, from: deploy/default/web, to: 'http://cart', rate: 2}
  - {name: cart-to-pay, from: deploy/default/cart, to: 'http://pay', rate: 2}
`;

/** As many Services of as many Pods on so many nodes, as one List; fifty clients. */
export function cluster(services, pods, nodes) {
  const lines = ["apiVersion: v1", "kind: List", "items:"];
  for (let i = 0; i < services; i += 1) {
    const container = "{name: c, image: nginx, ports: [{containerPort: 8080}]}";
    const template = `{metadata: {labels: {app: s${i}}}, spec: {containers: [${container}]}}`;
    const spec = `{replicas: ${pods}, selector: {matchLabels: {app: s${i}}}, template: ${template}}`;
    const ports = "[{port: 80, targetPort: 8080}]";
    lines.push(
      `- {apiVersion: apps/v1, kind: Deployment, metadata: {name: d${i}}, spec: ${spec}}`,
      `- {apiVersion: v1, kind: Service, metadata: {name: s${i}}, spec: {selector: {app: s${i}}, ports: ${ports}}}`,
    );
  }
  const names = Array.from({ length: nodes }, (_, i) => `{name: node-${i + 1}, zone: ${"abc"[i % 3]}}`);
  const callers = Math.min(services, 50);
  const clients = Array.from({ length: callers }, (_, i) => {
    const from = i % 3 === 2 ? `node/node-${(i % nodes) + 1}` : `deploy/default/d${(i + 1) % services}`;
    return `  - {name: c${i}, from: ${from}, to: 'http://s${Math.floor((i * services) / callers)}', rate: 0.08}`;
  });
  lines.push("---", "apiVersion: packetyard/v1alpha1", "kind: Scenario", "spec:");
  lines.push(`  nodes: [${names.join(", ")}]`, "  clients:", ...clients, "");
  return lines.join("\n");
}

const boutique = new URL("../../../../shared/manifests/online-boutique.yaml", import.meta.url);

export const scenes = [{ name: "12 Pods, 4 clients", hash: link(twelve) }];
if (existsSync(boutique)) {
  const moment = "\n---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {at: 30s}\n";
  scenes.push({ name: "online-boutique", hash: link(readFileSync(boutique, "utf8") + moment) });
} else {
  console.log("SKIPPED: online-boutique.yaml is not beside the project");
}
