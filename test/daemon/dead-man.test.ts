import assert from "node:assert/strict";
import { closeSync, constants, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { DeadManWord } from "../../src/daemon/dead-man-message.ts";
import { childrenOf, identify, sendSignal } from "../lab/process.ts";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp, webConfig, type Site } from "./scripted-exabgp.ts";

const BLOCKER = fileURLToPath(new URL("block-loop.js", import.meta.url));
const ANNOUNCE = "announce route 192.0.2.0/24 next-hop self med 7";
const WITHDRAW = "withdraw route 192.0.2.0/24 next-hop self med 7";

function config(port: number, more = ""): string {
  return webConfig(port).replace("    scope", `    announce: { med: 7 }\n${more}    scope`);
}

/** An agent that can be blocked, and what it has announced. */
async function blockable(site: Site, blockMs: number): Promise<ScriptedExabgp> {
  const env = { NODE_OPTIONS: `--import=${BLOCKER}`, BLOCK_MS: String(blockMs) };
  const exabgp = new ScriptedExabgp(site, [], { env });
  await exabgp.waitForCommands(1);
  await exabgp.waitForStatus("the route", (status) =>
    status.services.every(({ routes }) => routes.every(({ answer }) => answer === "done")),
  );
  return exabgp;
}

describe("an agent whose event loop is blocked", () => {
  it("withdraws with the attributes announced, ends, and the next life tells", async (t) => {
    const site = await createSite(t);
    site.writeConfig(`${config(site.port)}
  kept:
    prefixes: [198.51.100.0/24]
    scope: local
    on-stall: keep
    checks: { port: { type: tcp, host: 127.0.0.1, port: ${site.port} } }
`);
    const first = await blockable(site, 60_000);
    await first.waitForCommands(2);
    const before = first.commands.length;
    const beganMs = performance.now();
    first.child.kill("SIGUSR2");
    await first.waitForCommands(before + 1);
    const tookMs = performance.now() - beganMs;
    assert.ok(tookMs >= 1400, `too early: ${tookMs} ms`);
    assert.equal((await first.exit()).status, "SIGKILL");
    assert.deepEqual(first.commands.slice(before), [WITHDRAW]);
    assert.ok(existsSync(join(site.folder, "dead-man.json")));

    const second = new ScriptedExabgp(site);
    second.answer = (line) => (line.startsWith("show adj-rib") ? "error\n" : "done\n");
    const status = await second.waitForStatus(
      "the route again",
      ({ services }) =>
        services.length === 2 &&
        services.every(({ routes }) =>
          routes.every(({ answer, told }) => answer === "done" && told === "announced"),
        ),
    );
    assert.match(
      status.problems.find(({ word }) => word === "dead-man")?.detail ?? "",
      /^The event loop stood still for 1\.\d s at .*: the dead-man's switch withdrew web and ended the agent$/,
    );
    // Nobody says that ExaBGP holds it no more, so it is withdrawn once more; then the checks have passed.
    assert.deepEqual(
      second.commands.filter((line) => line.includes("192.0.2.0/24")),
      [WITHDRAW, ANNOUNCE],
    );
    const record = await waitUntil("the record", () =>
      site.audit().find(({ reason }) => reason === "dead-man"),
    );
    assert.equal(record.service, "web");
    assert.equal(record.actor, "agent");
    assert.match(record.evidence ?? "", /^the event loop stood still for 1\.\d s$/);
    assert.deepEqual(record.prefixes, ["192.0.2.0/24"]);
    assert.deepEqual(record.commands, [WITHDRAW]);
    await waitUntil(
      "the word to be forgotten",
      () => !existsSync(join(site.folder, "dead-man.json")) || undefined,
    );
    assert.equal(site.audit().filter(({ reason }) => reason === "dead-man").length, 1);
  });

  it("goes on when it wakes up in time", async (t) => {
    const site = await createSite(t);
    site.writeConfig(config(site.port));
    const exabgp = await blockable(site, 1000);
    exabgp.child.kill("SIGUSR2");
    await waitUntil(
      "the agent to have noticed",
      () => exabgp.stderr.includes("stood still") || undefined,
    );
    await exabgp.waitForStatus("the agent", ({ services }) => services[0]?.state === "up");
    assert.deepEqual(exabgp.commands, [ANNOUNCE]);
  });

  it("goes on after it was stopped for long, whole", async (t) => {
    const site = await createSite(t);
    site.writeConfig(config(site.port));
    const exabgp = await blockable(site, 1000);
    exabgp.child.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 3000));
    exabgp.child.kill("SIGCONT");
    await waitUntil(
      "the agent to have noticed",
      () => exabgp.stderr.includes("stood still") || undefined,
    );
    await exabgp.waitForStatus("the agent", ({ services }) => services[0]?.state === "up");
    assert.deepEqual(exabgp.commands, [ANNOUNCE]);
  });

  it("ends although ExaBGP reads nothing, and says what could not be written", async (t) => {
    const site = await createSite(t);
    site.writeConfig(config(site.port));
    const env = { NODE_OPTIONS: `--import=${BLOCKER}`, BLOCK_MS: "60000" };
    // A pipe, as ExaBGP gives it.
    const wrap = ["/bin/sh", "-c", '"$0" "$@" | cat'];
    const exabgp = new ScriptedExabgp(site, [], { env, wrap });
    const { agent } = await exabgp.waitForStatus("the route", ({ services }) =>
      services.some(({ routes }) => routes.some(({ answer }) => answer === "done")),
    );
    const reader = childrenOf(exabgp.child.pid ?? 0).find((pid) => pid !== agent.pid) ?? 0;
    process.kill(reader, "SIGSTOP");
    t.after(() => sendSignal(reader, "SIGKILL"));
    fill(`/proc/${agent.pid}/fd/1`);
    process.kill(agent.pid, "SIGUSR2");
    await waitUntil("the agent to end", () => identify(agent.pid) === undefined || undefined);
    const word = JSON.parse(
      readFileSync(join(site.folder, "dead-man.json"), "utf8"),
    ) as DeadManWord;
    assert.equal(word.ack, "timeout");
    assert.deepEqual(word.services, [{ service: "web", prefixes: [], commands: [], missed: 1 }]);
  });
});

/** Leaves no room in a pipe. */
function fill(path: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) writeSync(fd, Buffer.alloc(size, "\n"));
    } catch {
      // Full, for pieces of this size.
    }
  }
  closeSync(fd);
}
