// The page and `packetyard trace` tell the same of the same connection: every hop, address and rule.
import { link } from "../bench/scenes.mjs";
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";
import { byCommand, factsOfCommand, factsOfPage, forPage } from "../trace.mjs";

// What a case is there to show: true of the command line's connection in each mode.
const delivered = ({ verdict }) => verdict === "delivered";
const lost = (wanted) => ({ lost }) => lost?.class === wanted;
const unlike = (source) => ({ source_seen: seen }) => seen !== null && seen !== source;
const stale = ({ packets }) => packets.some(({ hops }) => hops.some((hop) => hop.stale));

const CASES = [
  {
    title: "through another node",
    call: { scenario: "myth-affinity-is-for-the-whole-cluster", from: "external", to: "192.168.0.12:30080", at: "20s" },
    shows: [delivered, unlike("203.0.113.10")],
  },
  {
    title: "UDP by name",
    call: { scenario: "udp-takes-two-packets", from: "pod/default/curl", to: "web:53/udp", at: "21s" },
    shows: [delivered],
  },
  {
    title: "IPv6 by a node port",
    call: { scenario: "an-ipv6-cluster-in-iptables-mode", from: "external", to: "[fd00:192:168::c]:30123", at: "15s" },
    shows: [delivered, unlike("2001:db8:113::a")],
  },
  {
    title: "IPv6 by name",
    call: { scenario: "an-ipv6-cluster-in-iptables-mode", from: "pod/default/curl", to: "web:80", at: "14s" },
    shows: [delivered],
  },
  {
    title: "a Service without endpoints",
    call: { scenario: "no-endpoints-is-refused", from: "pod/default/curl", to: "web:80", at: "20s" },
    shows: [lost("noEndpoints")],
  },
  {
    title: "a source that is not allowed",
    call: { scenario: "a-source-that-is-not-allowed", from: "external/203.0.113.130", to: "198.51.100.1:80", at: "20s" },
    shows: [lost("sourceNotAllowed")],
  },
  {
    title: "a reply by another way",
    call: { scenario: "a-reply-by-another-way-is-lost", from: "pod/default/caller", to: "192.168.0.12:30080", at: "20s" },
    shows: [lost("replyLost")],
  },
  {
    title: "a node with stale rules",
    call: { scenario: "a-node-cut-off-goes-on-with-stale-rules", from: "pod/default/caller", to: "web:80", at: "25s" },
    shows: [stale],
  },
];

for (const mode of ["iptables", "ipvs", "nftables"]) {
  for (const { title, call, shows } of CASES) {
    test(`${title}, in ${mode} mode: the page says what the command line says`, async ({ page }) => {
      const connection = byCommand(call, mode);
      for (const fact of shows) expect(fact(connection), `${fact}`).toBe(true);
      const lab = await Lab.open(page, `?autoplay=0${link(forPage(call, mode))}`);
      const panel = await lab.tab("Path");
      await panel.getByRole("listitem").getByRole("button").click();
      await expect(lab.inspector.getByRole("heading", { name: /^Connection \d+$/ })).toBeVisible();
      await lab.hurry();
      await lab.play();
      await expect.poll(() => factsOfPage(panel)).toEqual(factsOfCommand(call, connection));
    });
  }
}
