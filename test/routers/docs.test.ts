/** The pages show what the other tests run. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { routerConfig } from "../lab/bird-config.ts";
import { frrConfig } from "../lab/frr-config.ts";
import { gobgpConfig } from "../lab/gobgp-config.ts";
import { REPOSITORY } from "../lab/repository.ts";
import { BIRD_POLICY, FRR_POLICY } from "./policies.ts";

const read = (file: string): string => readFileSync(join(REPOSITORY, file), "utf8");

const SESSION = {
  localAddress: "198.51.100.1",
  peerAddress: "198.51.100.2",
  peerAs: 64_496,
  password: "secret",
  multihop: 2,
  holdTimeS: 9,
};
const CONFIG = { name: "", routerId: "198.51.100.1", localAs: 64_600, sessions: [SESSION] };

/** Logs, and what only a lab is in a hurry for. */
const LAB_ONLY = /^(?:log |debug |!|# The smallest|connect delay|# How long it|idle-hold-time)/;

function shown(text: string): string {
  const lines = text.split("\n").filter((line) => !LAB_ONLY.test(line.trim()));
  return fenced(lines.join("\n"));
}

function fenced(text: string): string {
  return `\`\`\`\n${text.trim()}\n\`\`\``;
}

const bird = routerConfig({
  ...CONFIG,
  logFile: "",
  mrtFile: "",
  customers: [],
  sessions: [{ ...SESSION, name: "pop4", role: "pop" }],
});

const CASES = [
  ["docs/routers.md", "BIRD's session", shown(bird.slice(bird.indexOf("protocol bgp")))],
  ["docs/routers.md", "FRR's configuration", shown(frrConfig(CONFIG, ""))],
  ["docs/routers.md", "GoBGP's configuration", shown(gobgpConfig(CONFIG))],
  ["docs/routers.md", "BIRD's policy", shown(BIRD_POLICY)],
  ["docs/routers.md", "FRR's policy", shown(FRR_POLICY)],
  ["docs/split-design.md", "bird.conf", fenced(read("exabgp/templates/split/bird.conf"))],
  ["docs/split-design.md", "exabgp.conf", fenced(read("exabgp/templates/split/exabgp.conf"))],
] as const;

for (const [page, name, text] of CASES) {
  test(`${page} shows ${name} as it is tested`, () => {
    assert.ok(read(page).includes(text), `${page} lacks:\n${text}`);
  });
}
