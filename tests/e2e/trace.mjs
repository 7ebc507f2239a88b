// A connection as `packetyard trace` prints it, and as the Path tab shows it: the facts of both in one form.
import { readFileSync } from "node:fs";
import { ask, fileOf } from "./command.mjs";

const SEED = "11";

/** What the command line prints of one connection. */
export function byCommand({ scenario, from, to, at }, mode) {
  const when = ["--seed", SEED, "--at", at, "--proxy-mode", mode];
  const { connections } = ask(scenario, "trace", ...when, "--from", from, "--to", to);
  const [connection, ...others] = connections;
  if (!connection || others.length > 0) throw new Error(`one connection was asked for: ${JSON.stringify(connections)}`);
  return connection;
}

/** The scenario with the same seed, mode and caller, as a text that the page opens at that moment. */
export function forPage({ scenario, from, to, at }, mode) {
  const [target, protocol = "tcp"] = to.split("/");
  const [, ip] = from.match(/^external(?:\/(.*))?$/) ?? [];
  const caller = ip ? `{ip: ${ip}}` : from.replace("external", "outside");
  const client = `{name: trace, from: ${caller}, to: '${target}', protocol: ${protocol.toUpperCase()}, rate: 0}`;
  const call = [`  - {at: ${at}, do: addClient, client: ${client}}`, `  - {at: ${at}, do: sendOne, client: trace}`];
  const [objects, spec] = readFileSync(fileOf(scenario), "utf8").split(/(?<=kind: Scenario\nspec:\n)/);
  // Every field of the spec with its lines; the command line, too, is alone in its cluster.
  const fields = spec.trimEnd().split(/\n(?=  \w)/);
  const rest = fields.filter((field) => !/^  (seed|at|proxyMode|clients|actions):/.test(field));
  const actions = fields.find((field) => field.startsWith("  actions:")) ?? "  actions:";
  const ours = [`  seed: ${SEED}`, `  at: ${at}`, `  proxyMode: ${mode}`, "  clients: []"];
  return [objects.trimEnd(), ...ours, ...rest, actions, ...call, ""].join("\n");
}

const named = (key) => key.replace(/^[^/]*\//, "");

/** Of what the command line says: what the page says too. */
export function factsOfCommand(call, connection) {
  const ends = (tuple) => tuple.replace(/ (TCP|UDP|ICMP)$/, "").replace(" > ", " → ");
  const hop = ({ what, place, before, after, rules, stale }) => ({
    place,
    what: `${what}.`,
    before: ends(before),
    after: ends(after),
    rules: rules.map(({ table, rule }) => `${table}: ${rule}`),
    stale,
  });
  const packet = ({ kind, verdict, hops }) => ({ said: `${kind}: ${verdict}`, hops: hops.map(hop) });
  const first = connection.packets.find(({ kind }) => !kind.startsWith("DNS")).hops;
  const target = connection.service ? named(connection.service) : call.to.replace(/\/udp$/, "");
  const rewriters = first.filter(({ before, after }) => before !== after).map(({ place }) => place);
  return {
    delivered: connection.verdict === "delivered",
    outcome: connection.outcome,
    sentByStaleRule: connection.lost?.staleRule ?? false,
    who: [first[0].place, target, ...(connection.endpoint ? [named(connection.endpoint.pod)] : [])].join(" → "),
    why: connection.why,
    rewrittenBy: rewriters.join(" and ") || "nobody",
    sourceSeen: connection.source_seen ?? "nothing",
    packets: connection.packets.map(packet),
  };
}

/** The same, read from the Path tab, in which a connection is on show. */
export const factsOfPage = (tab) => tab.evaluate(read);

/** In the page. */
function read(tab) {
  const text = (element) => element.textContent.replace(/\s+/g, " ").trim();
  const without = (element, gone) => {
    const copy = element.cloneNode(true);
    for (const each of copy.querySelectorAll(gone)) each.remove();
    return text(copy);
  };
  const hop = (item) => {
    // One row of addresses, or those that its hooks made of each other: a deletion is an address before.
    const rows = [...item.querySelectorAll(".pk-tuple")].filter((row) => !row.querySelector(".pk-hook"));
    const steps = rows.map((row) => ({ before: without(row, "ins"), after: without(row, "del") }));
    const broken = steps.some(({ before }, nth) => nth > 0 && before !== steps[nth - 1].after);
    const what = text(item.querySelector("span"));
    return {
      place: what.match(/^the load balancer of \S+|^\S+/)[0],
      what,
      before: steps[0].before,
      after: broken ? "the hooks do not follow from each other" : steps.at(-1).after,
      rules: item.querySelector("pre")?.textContent.split("\n") ?? [],
      stale: item.textContent.includes("a rule that is out of date"),
    };
  };
  const packet = (details) => ({
    said: text(details.querySelector("summary")).replace(/^[○●] /, ""),
    hops: [...details.querySelectorAll("li")].map(hop),
  });
  // As long as the name is looked up, there are none.
  const fact = (name) => {
    const term = [...tab.querySelectorAll("dt")].find((term) => text(term) === name);
    return term ? text(term.nextElementSibling) : "";
  };
  const [mark, outcome] = tab.querySelector(".pk-row").children;
  const lost = tab.querySelector(".pk-row ~ p.pk-fail");
  // The port is the packet's; the brackets are those of an IPv6 address with a port.
  const seen = fact("The Pod saw").replace(/,.*/, "");
  return {
    delivered: text(mark) === "✓",
    outcome: text(outcome),
    sentByStaleRule: lost !== null && text(lost).endsWith("sent by a stale rule"),
    who: text(tab.querySelector("div.pk-muted")),
    why: text(tab.querySelector(".pk-why")),
    rewrittenBy: fact("Rewritten by").replace(/ \([^)]*\)/g, ""),
    sourceSeen: seen.replace(/:\d+$/, "").replace(/^\[|\]$/g, ""),
    packets: [...tab.querySelectorAll("details.pk-trip")].map(packet),
  };
}
