/** Reloads as an operator makes them: the real agent, the real CLI, and what ExaBGP is told. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import { postReload } from "../../src/control/reload-client.ts";
import { actorOf } from "../../src/daemon/actors.ts";
import { waitUntil } from "../lab/wait.ts";
import { ANYCTL, createSite, ScriptedExabgp, type Site, webConfig } from "./scripted-exabgp.ts";

const ME = actorOf(userInfo().uid);

/** The file may be between two names. */
function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** As `webConfig`, with nothing to be warned of. */
function quietConfig(site: Site, prefix?: string): string {
  const text = webConfig(site.port, prefix);
  return text.replace("interval: 100ms, timeout: 100ms", "interval: 250ms, timeout: 250ms");
}

async function quietSite(t: TestContext): Promise<Site> {
  const site = await createSite(t);
  site.writeConfig(quietConfig(site));
  return site;
}

async function announced(t: TestContext) {
  const site = await quietSite(t);
  const exabgp = new ScriptedExabgp(site);
  await exabgp.waitForCommands(1);
  return { site, exabgp };
}

async function anyctl(site: Site, ...args: string[]) {
  const child = spawn(ANYCTL, [...args, "--config", site.configPath], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  site.children.push(child);
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  await once(child, "close");
  return { status: child.exitCode, out, err };
}

function reloads(site: Site) {
  return site.audit().filter(({ configFrom }) => configFrom !== undefined);
}

const withMed = (site: Site, med: number) =>
  quietConfig(site).replace("    scope: local", `    scope: local\n    announce: { med: ${med} }`);

describe("anyctl reload", () => {
  it("of an unchanged file changes nothing, and says so", async (t) => {
    const { site, exabgp } = await announced(t);
    const { status, out, err } = await anyctl(site, "reload");
    assert.deepEqual([status, err], [0, ""]);
    assert.match(out, /^No change\nReloaded by uid:\d+\(.*\): [0-9a-f]{12}, as before\n$/);
    assert.equal(exabgp.commands.length, 1);
  });

  it("of changed attributes is one command, and a record with who and both hashes", async (t) => {
    const { site, exabgp } = await announced(t);
    site.writeConfig(withMed(site, 77));
    const before = await anyctl(site, "config", "diff");
    assert.deepEqual([before.status, before.err], [0, ""]);
    assert.equal(
      before.out,
      `~ 192.0.2.0/24 (web, announced now)
    - up: next-hop self
    + up: next-hop self med 77
    - draining: next-hop self community [ 65535:0 ]
    + draining: next-hop self med 77 community [ 65535:0 ]

Announced anew at once: 192.0.2.0/24
Unchanged: services 0, prefixes 0, checks 1
`,
    );
    assert.equal(exabgp.commands.length, 1, "the diff changes nothing");
    const { status, out, err } = await anyctl(site, "reload");
    assert.deepEqual([status, err], [0, ""]);
    assert.match(out, /\nAnnounced with other attributes: 192\.0\.2\.0\/24\n/);
    assert.deepEqual((await exabgp.waitForCommands(2)).slice(1), [
      "announce route 192.0.2.0/24 next-hop self med 77",
    ]);
    const record = await waitUntil("the record", () => reloads(site)[0]);
    assert.equal(record.reason, "reloaded");
    assert.equal(record.actor, ME);
    assert.match(record.configFrom ?? "", /^[0-9a-f]{12}$/);
    assert.notEqual(record.configTo, record.configFrom);
    const { config } = await exabgp.waitForStatus("the status", () => true);
    assert.equal(config.hash.slice(0, 12), record.configTo);
    assert.equal(config.lastReload?.actor, ME);
    assert.equal(config.lastReload.outcome, "reloaded");
    // Of the proof nothing is left.
    assert.deepEqual(readdirSync(join(site.stateDir, "drains")), []);
    const decision = await waitUntil("the decision", () =>
      site.audit().find(({ reason }) => reason === "reconfigured"),
    );
    assert.equal(decision.actor, ME);
  });

  it("that takes away all is refused, nothing is sent; with --force it is done", async (t) => {
    const { site, exabgp } = await announced(t);
    site.writeConfig(quietConfig(site, "198.51.100.0/24"));
    const diff = await anyctl(site, "config", "diff");
    assert.equal(diff.status, 0);
    assert.match(diff.out, /\nTakes away 1 of 1 announced prefixes: refused without --force\n$/);
    const refused = await anyctl(site, "reload");
    assert.equal(refused.status, 1);
    assert.match(
      refused.err,
      /refused: would withdraw 1 of 1 announced prefixes; allowed: at most/,
    );
    assert.match(refused.out, /^- 192\.0\.2\.0\/24 \(web, announced now\)$/m);
    assert.equal(exabgp.commands.length, 1);
    const { config } = await exabgp.waitForStatus("the status", () => true);
    assert.deepEqual([config.current, config.lastReload?.outcome], [false, "mass-withdrawal"]);
    const forced = await anyctl(site, "reload", "--force");
    assert.deepEqual([forced.status, forced.err], [0, ""]);
    assert.match(forced.out, /^Withdrawn: 192\.0\.2\.0\/24$/m);
    const commands = await exabgp.waitForCommands(3);
    assert.deepEqual(commands.slice(1).toSorted(), [
      "announce route 198.51.100.0/24 next-hop self",
      "withdraw route 192.0.2.0/24 next-hop self",
    ]);
    await waitUntil("both records", () => reloads(site).length === 2 || undefined);
    assert.deepEqual(
      reloads(site).map(({ reason, actor }) => [reason, actor]),
      [
        ["mass-withdrawal", ME],
        ["reloaded", ME],
      ],
    );
  });

  it("counts at a start nothing whose withdrawal is only repeated", async (t) => {
    const { site, exabgp } = await announced(t);
    exabgp.answer = () => undefined;
    site.drain("web", "");
    await exabgp.waitForCommands(2);
    const owned = join(site.stateDir, "owned.json");
    await waitUntil(
      "the mark",
      () => readIfThere(owned).includes('"isWithdrawn":true') || undefined,
    );
    exabgp.child.kill("SIGKILL");
    await exabgp.exit();
    // Drained first, then taken out of the file: nothing stands against that.
    rmSync(join(site.stateDir, "drains", "web"));
    site.writeConfig(quietConfig(site, "198.51.100.0/24"));
    const next = new ScriptedExabgp(site);
    const commands = await next.waitForCommands(2);
    assert.deepEqual(commands, [
      "withdraw route 192.0.2.0/24 next-hop self",
      "announce route 198.51.100.0/24 next-hop self",
    ]);
    const { config } = await next.waitForStatus("the status", () => true);
    assert.deepEqual([config.origin, config.problems], ["file", []]);
  });

  const broken = [
    { name: "an empty file", text: "", says: /services/ },
    { name: "what is no YAML", text: "services: [\u0000", says: /:\d+:\d+: / },
    {
      name: "hostile keys",
      text: 'services: { "\\nshutdown\\u001b[2J": 1 }\n',
      says: /\\n|\\u000a|\\x0a/,
    },
  ];
  for (const { name, text, says } of broken) {
    it(`of ${name} is refused with its problems`, async (t) => {
      const { site, exabgp } = await announced(t);
      site.writeConfig(text);
      const { status, out, err } = await anyctl(site, "reload");
      assert.deepEqual([status, out], [1, ""]);
      assert.match(err, says);
      assert.match(err, /anyctl: Not reloaded: the configuration is invalid;/);
      // oxlint-disable-next-line no-control-regex -- what a terminal would obey
      assert.doesNotMatch(err, /[\u0000-\u0009\u000b-\u001f]/);
      const diff = await anyctl(site, "config", "diff");
      assert.deepEqual([diff.status, diff.out], [1, ""]);
      await exabgp.waitForStatus("the problems", ({ config }) => !config.current);
      assert.equal(exabgp.commands.length, 1);
      const record = await waitUntil("the record", () => reloads(site)[0]);
      assert.equal(record.reason, "invalid-configuration");
      assert.equal(record.configTo, undefined);
      assert.doesNotMatch(exabgp.stdout.toString("latin1"), /shutdown/);
    });
  }

  it("says which settings wait for a restart", async (t) => {
    const { site } = await announced(t);
    site.writeConfig(`exabgp: { ack-timeout: 9s }\n${quietConfig(site)}`);
    const { status, out } = await anyctl(site, "reload");
    assert.equal(status, 0);
    assert.match(out, /^~ exabgp: not before the agent is restarted$/m);
  });

  it("--json tells what the agent tells", async (t) => {
    const { site } = await announced(t);
    site.writeConfig(withMed(site, 5));
    const planned = JSON.parse((await anyctl(site, "config", "diff", "--json")).out);
    const { status, out } = await anyctl(site, "reload", "--json");
    assert.equal(status, 0);
    const told = JSON.parse(out);
    assert.equal(told.outcome, "reloaded");
    assert.deepEqual(told.diff, planned.diff, "config diff decided as the agent did");
    assert.deepEqual([told.from, told.to], [planned.from, planned.to]);
  });

  it("without an agent ends with status 3", async (t) => {
    const site = await quietSite(t);
    for (const words of [["reload"], ["config", "diff"]]) {
      const { status, err } = await anyctl(site, ...words);
      assert.equal(status, 3);
      assert.match(err, /^anyctl: The agent does not answer on /);
    }
  });
});

describe("who reloads", () => {
  const socketOf = (site: Site) => join(site.folder, "agent.sock");
  const nonce = "0123456789abcdef0123456789abcdef";
  const proof = `.reload-${nonce}`;
  const cases: {
    name: string;
    make: (path: string) => void;
    isKnown: boolean;
    as?: string;
    force?: boolean;
  }[] = [
    { name: "a proof", make: (path) => writeFileSync(path, nonce), isKnown: true },
    { name: "none", make: () => {}, isKnown: false },
    {
      name: "a force",
      make: (path) => writeFileSync(path, `${nonce} force`),
      isKnown: true,
      force: true,
    },
    {
      name: "a force unasked",
      make: (path) => writeFileSync(path, nonce),
      isKnown: false,
      force: true,
    },
    { name: "another content", make: (path) => writeFileSync(path, "x"), isKnown: false },
    { name: "more content", make: (path) => writeFileSync(path, `${nonce}\n`), isKnown: false },
    {
      name: "a file that others may write",
      make: (path) => {
        writeFileSync(path, nonce);
        chmodSync(path, 0o660);
      },
      isKnown: false,
    },
    {
      name: "a second name for a file",
      make: (path) => {
        writeFileSync(path, nonce);
        linkSync(path, `${path}-2`);
      },
      isKnown: false,
    },
    {
      name: "a name that leads elsewhere",
      make: (path) => writeFileSync(path, nonce),
      as: `../drains/${proof}`,
      isKnown: false,
    },
  ];
  it("is the owner of a proof that nobody else can have made", async (t) => {
    const { site } = await announced(t);
    const drains = join(site.stateDir, "drains");
    for (const { name, make, isKnown, as = proof, force = false } of cases) {
      make(join(drains, proof));
      const told = await postReload(socketOf(site), { force, proof: as }, systemTimers);
      assert.ok("actor" in told, name);
      assert.equal(told.actor, isKnown ? ME : "unknown", name);
      for (const left of readdirSync(drains)) rmSync(join(drains, left));
    }
  });
});

describe("two reloads at once", () => {
  it("are one, and the other is told to try again; a signal waits for its turn", async (t) => {
    const { site, exabgp } = await announced(t);
    const order = { force: false };
    const ask = () => postReload(join(site.folder, "agent.sock"), order, systemTimers);
    const [first, second] = await Promise.all([ask(), ask()]);
    const answers = [first, second].map((told) => ("error" in told ? told.error : told.outcome));
    assert.deepEqual(answers.toSorted(), ["Another reload is under way; try again", "reloaded"]);
    const third = ask();
    exabgp.child.kill("SIGHUP");
    // Whichever comes first: the signal is never the one that is lost.
    const count = "error" in (await third) ? 2 : 3;
    await waitUntil("the signal's", () => reloads(site).length === count || undefined);
  });
});
