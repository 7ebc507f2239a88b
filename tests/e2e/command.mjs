// The command line: what it prints of a scenario, the page must show.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** `cargo xtask test e2e` says where it has built it. */
const PROGRAM = process.env.PACKETYARD ?? here("../../target/debug/packetyard");

export const fileOf = (scenario) => here(`../../crates/cluster/tests/scenarios/${scenario}/input.yaml`);

/** What a command, with its arguments, prints of a scenario as JSON. */
export function ask(scenario, ...command) {
  const words = [...command, "--quiet", "-o", "json", "--filename", fileOf(scenario)];
  return JSON.parse(execFileSync(PROGRAM, words, { encoding: "utf8" }));
}
