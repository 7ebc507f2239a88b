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

const boutique = new URL("../../../../shared/manifests/online-boutique.yaml", import.meta.url);

export const scenes = [{ name: "12 Pods, 4 clients", hash: link(twelve) }];
if (existsSync(boutique)) {
  const moment = "\n---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {at: 30s}\n";
  scenes.push({ name: "online-boutique", hash: link(readFileSync(boutique, "utf8") + moment) });
} else {
  console.log("SKIPPED: online-boutique.yaml is not beside the project");
}
