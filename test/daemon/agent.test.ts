/** The whole agent as a process: what it writes for ExaBGP, and how it ends. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { readStarts, startsPath } from "../../src/daemon/starts-file.ts";
import { waitUntil } from "../lab/wait.ts";
import { ANYCTL, createSite, ScriptedExabgp, webConfig } from "./scripted-exabgp.ts";

/** An agent that has announced its service. */
async function announced(t: TestContext) {
  const site = await createSite(t);
  const exabgp = new ScriptedExabgp(site);
  await exabgp.waitForCommands(1);
  return { site, exabgp };
}

describe("the agent's first bytes", () => {
  it("are a comment that poisons what a predecessor left, then the question for the version", async (t) => {
    const { exabgp } = await announced(t);
    const [comment, question] = exabgp.stdout.toString("latin1").split("\n");
    assert.match(comment ?? "", /^ # [0-9a-f-]{36}$/);
    assert.equal(question, "system version");
  });
});

describe("the agent ends within two seconds", () => {
  it("when ExaBGP sends SIGTERM, without a word about a route, and takes its socket away", async (t) => {
    const { site, exabgp } = await announced(t);
    const bytes = exabgp.stdout.length;
    exabgp.child.kill("SIGTERM");
    const { status, tookMs } = await exabgp.exit();
    assert.equal(status, 0);
    assert.ok(tookMs < 2000, String(tookMs));
    assert.equal(exabgp.stdout.length, bytes);
    assert.ok(!existsSync(join(site.folder, "agent.sock")));
    assert.equal(site.audit().at(-1)?.to, "stopping");
  });

  it("when its stdin ends", async (t) => {
    const { exabgp } = await announced(t);
    exabgp.child.stdin.end();
    const { status, tookMs } = await exabgp.exit();
    assert.equal(status, 0);
    assert.ok(tookMs < 2000, String(tookMs));
  });

  it("when nobody reads its stdout any more", async (t) => {
    const { site, exabgp } = await announced(t);
    exabgp.child.stdout.destroy();
    site.service.close();
    const { status } = await exabgp.exit();
    assert.equal(status, 0);
  });

  it("also while ExaBGP has never answered", async (t) => {
    const site = await createSite(t);
    const exabgp = new ScriptedExabgp(site);
    exabgp.answer = () => undefined;
    exabgp.child.stdout.removeAllListeners("data").resume();
    await waitUntil("its start", () => exabgp.stderr.includes("agent starts") || undefined);
    exabgp.child.kill("SIGTERM");
    const { tookMs } = await exabgp.exit();
    assert.ok(tookMs < 2000, String(tookMs));
  });
});

describe("nothing hostile reaches stdout", () => {
  it("from drain files, whatever is in them and however they are called", async (t) => {
    const { site, exabgp } = await announced(t);
    site.drain("böse\nshutdown", "x");
    site.drain(".announce route 203.0.113.0", "x");
    site.drain(
      "unknown-service",
      JSON.stringify({ reason: "\nannounce route 203.0.113.0/24 next-hop self" }),
    );
    site.drain(
      "web",
      JSON.stringify({ reason: `ü \u001b[2J\nshutdown\nrestart ${"x".repeat(900)}` }),
    );
    await exabgp.waitForCommands(2);
    site.drain("web", JSON.stringify({ undrain: true, reason: "zurück\nshutdown" }));
    await exabgp.waitForCommands(3);
    assert.deepEqual(exabgp.commands, [
      "announce route 192.0.2.0/24 next-hop self",
      "withdraw route 192.0.2.0/24 next-hop self",
      "announce route 192.0.2.0/24 next-hop self",
    ]);
    const text = exabgp.stdout.toString("latin1");
    assert.match(text, /^[\n\u0020-\u007e]*$/);
    assert.doesNotMatch(text, /shutdown|restart|203\.0\.113/);
    // Nor does it break a log line apart.
    for (const line of exabgp.stderr.trimEnd().split("\n"))
      assert.doesNotThrow(() => JSON.parse(line));
  });

  it("from what ExaBGP says", async (t) => {
    const { site, exabgp } = await announced(t);
    const rubbish = [
      '{"exabgp":"4.0.1","type":"state","neighbor":7}\n',
      '{"exabgp":\n',
      "\u0000\u00ff\u001b]0;x\u0007\n",
      "announce route 203.0.113.0/24 next-hop self\n",
      "error\nerror\ndone\ndone\n",
      `${"x".repeat(3 << 20)}\n`,
      "neighbor 192.0.2.1 down - \nshutdown\n",
    ];
    for (const text of rubbish) exabgp.child.stdin.write(Buffer.from(text, "latin1"));
    site.service.close();
    const commands = await exabgp.waitForCommands(2);
    assert.equal(commands[1], "withdraw route 192.0.2.0/24 next-hop self");
    assert.equal(exabgp.child.exitCode, null);
    await exabgp.waitForStatus(
      "the withdrawal to be answered",
      ({ services }) => services[0]?.routes[0]?.answer === "done",
    );
  });
});

describe("a wrong start", () => {
  const starts: { args: string[]; says: RegExp; status: number }[] = [
    { args: ["--confg", "x"], says: /Unknown option '--confg'/, status: 2 },
    {
      args: ["--log-level", "loud"],
      says: /Unknown log level "loud": allowed are trace,/,
      status: 2,
    },
    { args: ["dns"], says: /Unexpected argument 'dns'/, status: 2 },
  ];
  for (const { args, says, status } of starts) {
    it(`with ${args.join(" ")} is one clear error and exit status ${status}`, async (t) => {
      // Else its start would be counted beside the socket of this host's own agent.
      const site = await createSite(t);
      const env = { ...process.env, ANYCTL_CONFIG: site.configPath };
      const run = spawnSync(ANYCTL, ["agent", ...args], { input: "", encoding: "utf8", env });
      assert.equal(run.status, status);
      assert.match(run.stderr, says);
      assert.equal(run.stdout, "");
      const counted = readStarts(startsPath(join(site.folder, "agent.sock")));
      assert.deepEqual(
        counted.map(({ pid }) => pid),
        [run.pid],
      );
    });
  }

  it("on a terminal explains itself and refuses", () => {
    const run = spawnSync("script", ["-qec", `${ANYCTL} agent`, "/dev/null"], {
      encoding: "utf8",
      input: "",
    });
    assert.equal(run.status, 1);
    assert.match(run.stdout, /run by ExaBGP/);
    assert.doesNotMatch(run.stdout, /system version/);
  });
});

describe("state", () => {
  it("is kept where others cannot write, secrets where they cannot read", async (t) => {
    const site = await createSite(t);
    rmSync(site.stateDir, { recursive: true });
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForCommands(1);
    // Routes do not wait for it.
    const lastGood = join(site.stateDir, "last-good.json");
    await waitUntil("the last good configuration", () => existsSync(lastGood) || undefined);
    const mode = (path: string) => (statSync(join(site.stateDir, path)).mode & 0o7777).toString(8);
    assert.deepEqual(
      [mode("drains"), mode("last-good.json"), mode("owned.json"), mode(".")],
      ["2770", "600", "640", "750"],
    );
  });

  it("that cannot be written keeps no route from moving, and is reported", async (t) => {
    const site = await createSite(t);
    // A folder in the way of every file that the agent wants to write.
    for (const name of ["owned.json.new", "last-good.json.new", "audit.jsonl"]) {
      writeFileSync(join(site.stateDir, "x"), "");
      spawnSync("mkdir", [join(site.stateDir, name)]);
    }
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForCommands(1);
    site.service.close();
    await exabgp.waitForCommands(2);
    const { problems } = await exabgp.waitForStatus("all problems", (s) => s.problems.length === 3);
    assert.deepEqual(problems.map(({ word }) => word).toSorted(), [
      "audit-file",
      "last-good-file",
      "owned-file",
    ]);
    // The records are in the log all the same.
    assert.match(exabgp.stderr, /"to":"down".*"msg":"decision"/);
  });

  it("whose drains cannot be read keeps nothing from being withdrawn, and lets nothing be announced", async (t) => {
    const { site, exabgp } = await announced(t);
    exabgp.child.kill("SIGKILL");
    await exabgp.exit();
    const drains = join(site.stateDir, "drains");
    rmSync(drains, { recursive: true });
    writeFileSync(drains, "not a folder");
    const next = new ScriptedExabgp(site);
    await next.waitForStatus(
      "a verdict",
      ({ services }) => services[0]?.checks[0]?.verdict === "up",
    );
    assert.deepEqual(next.commands, []);
    site.service.close();
    assert.deepEqual(await next.waitForCommands(1), ["withdraw route 192.0.2.0/24 next-hop self"]);
  });

  it("is served when what stood in the place of the socket is gone; routes did not wait", async (t) => {
    const site = await createSite(t);
    const socketPath = join(site.folder, "agent.sock");
    writeFileSync(socketPath, "not a socket");
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForCommands(1);
    assert.match(exabgp.stderr, /"word":"control-socket"/);
    rmSync(socketPath);
    const { problems } = await exabgp.waitForStatus("the status", () => true);
    assert.deepEqual(problems, []);
  });

  it("of an agent without any configuration still obeys drains of what it owns", async (t) => {
    const { site, exabgp } = await announced(t);
    // The next agent finds neither a valid file nor a last good one, but is the child of the same parent.
    exabgp.child.kill("SIGKILL");
    await exabgp.exit();
    rmSync(join(site.stateDir, "last-good.json"), { force: true });
    site.writeConfig("services: {}\n");
    const next = new ScriptedExabgp(site);
    const status = await next.waitForStatus(
      "its start",
      ({ exabgp: { phase } }) => phase === "ready",
    );
    assert.equal(status.config.origin, "none");
    assert.deepEqual(next.commands, []);
    site.drain("web", "");
    assert.deepEqual(await next.waitForCommands(1), ["withdraw route 192.0.2.0/24 next-hop self"]);
    // Mended, it goes on without a restart; still drained, nothing is announced.
    site.writeConfig(webConfig(site.port));
    await next.waitForStatus("the mended file", ({ config }) => config.origin === "file");
    await next.waitForStatus(
      "a verdict",
      ({ services }) => services[0]?.checks[0]?.verdict === "up",
    );
    assert.equal(next.commands.length, 1);
    assert.deepEqual(readdirSync(join(site.stateDir, "drains")), ["web"]);
  });
});

describe("the pipes that ExaBGP shares", () => {
  it("stay as they are: no flag is set on its stderr", async (t) => {
    const site = await createSite(t);
    const pipe = join(site.folder, "stderr");
    spawnSync("mkfifo", [pipe]);
    const stderr = openSync(pipe, "r+");
    t.after(() => closeSync(stderr));
    const child = spawn(ANYCTL, ["agent", "--config", site.configPath], {
      stdio: ["pipe", "pipe", stderr],
    });
    site.children.push(child);
    const bytes = Buffer.alloc(65_536);
    // It has logged, so everything that would look at stderr is loaded.
    assert.match(bytes.toString("utf8", 0, readSync(stderr, bytes)), /agent starts/);
    await waitUntil("its probes", () => existsSync(join(site.folder, "agent.sock")) || undefined);
    const flags = readFileSync(`/proc/self/fdinfo/${stderr}`, "utf8");
    const octal = Number.parseInt(/flags:\s+(\d+)/.exec(flags)?.[1] ?? "", 8);
    assert.equal(octal & constants.O_NONBLOCK, 0, flags);
  });

  it("get nothing of what a library prints", () => {
    const setup = new URL("../../src/daemon/process-setup.js", import.meta.url).href;
    const program = `await import(${JSON.stringify(setup)}); console.info("shutdown"); process.stdout.write("x");`;
    const run = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
      encoding: "utf8",
    });
    assert.deepEqual([run.stdout, run.stderr], ["", "shutdown\nx"]);
  });
});

describe("SIGHUP while the agent starts", () => {
  it("does not end it", async (t) => {
    const site = await createSite(t);
    const exabgp = new ScriptedExabgp(site);
    // The first moment at which anybody can know that its own code runs.
    await waitUntil("its start", () => exabgp.stderr.includes("agent starts") || undefined, {
      everyMs: 1,
    });
    exabgp.child.kill("SIGHUP");
    await exabgp.waitForCommands(1);
    await waitUntil(
      "the reload",
      () => exabgp.stderr.includes("configuration reloaded") || undefined,
    );
  });
});

describe("a reload that changes the target of a check", () => {
  it("counts nothing that the old target answers", async (t) => {
    const { site, exabgp } = await announced(t);
    // The first http check makes the agent load a library, while the old target still answers.
    site.writeConfig(`defaults: { interval: 20ms, timeout: 20ms, fast-interval: 10ms, rise: 2, fall: 2 }
services:
  web:
    prefixes: [192.0.2.0/24, 198.51.100.0/24]
    scope: local
    checks: { port: { type: tcp, host: 127.0.0.1, port: 1 } }
  other:
    prefixes: [203.0.113.0/24]
    scope: local
    checks: { page: { type: http, url: "http://127.0.0.1:1/" } }
`);
    exabgp.child.kill("SIGHUP");
    await exabgp.waitForStatus("the new verdict", ({ services }) => services[0]?.state === "down");
    assert.deepEqual(
      exabgp.commands.filter((line) => line.startsWith("announce")),
      ["announce route 192.0.2.0/24 next-hop self"],
    );
  });
});

describe("answers of ExaBGP", () => {
  it("that refuse or never come are repeated later, and recorded", async (t) => {
    const site = await createSite(t);
    const exabgp = new ScriptedExabgp(site);
    exabgp.answer = () => "error\n";
    await exabgp.waitForCommands(1);
    const record = await waitUntil("the record", () => site.audit().find(({ ack }) => ack));
    assert.equal(record.ack, "error");
    exabgp.answer = () => "done\n";
    await waitUntil("the second try", () => exabgp.commands.length === 2 || undefined, {
      deadlineMs: 20_000,
    });
    assert.equal(exabgp.commands[0], exabgp.commands[1]);
  });
});
