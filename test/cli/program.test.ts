// bin/anyctl itself: what can only be seen from outside the process.
import assert from "node:assert/strict";
import { spawn, spawnSync, type SpawnSyncOptions } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../../src/cli/commands.ts";
import { until } from "../checks/probing.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { makePop, startAgent } from "./pop.ts";

const PROGRAM = fileURLToPath(new URL("../../../bin/anyctl", import.meta.url));

function start(argv: readonly string[], options: SpawnSyncOptions = {}) {
  const { status, stdout, stderr } = spawnSync(PROGRAM, argv, { ...options, encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("bin/anyctl", () => {
  it("ends with the status of the command, and keeps results and mistakes apart", () => {
    assert.deepEqual(start(["drian"]), {
      status: 2,
      stdout: "",
      stderr: `anyctl: Cannot use "drian": no such command; allowed: ${[...COMMANDS.keys()].join(", ")}\n`,
    });
    const { status, stdout, stderr } = start(["--help"]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^Usage: anyctl COMMAND\n/);
  });

  it("works through a link and from another folder", (context) => {
    const folder = temporaryFolder(context);
    symlinkSync(PROGRAM, join(folder, "anyctl"));
    const { status, stdout } = spawnSync(join(folder, "anyctl"), ["version"], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(status, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it("asks a real socket", async (context) => {
    const pop = makePop(context);
    await startAgent(context, pop);
    // Not spawnSync: the agent lives in this process.
    const child = spawn(PROGRAM, ["status", "--json", "--config", pop.configPath], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    const [status] = await once(child, "close");
    assert.equal(status, 0);
    assert.equal(Object(JSON.parse(out)).pop, "fra1");
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`at ${signal} leaves no program of a check behind`, async (context) => {
      const begun = join(temporaryFolder(context), "begun");
      const script = `echo $$ > ${begun}.new; mv ${begun}.new ${begun}; exec sleep 600`;
      const { configPath } = makePop(
        context,
        `services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    checks:
      slow: { type: exec, command: [/bin/sh, -c, "${script}"], interval: 10m, timeout: 10m }
`,
      );
      const child = spawn(PROGRAM, ["check", "--config", configPath], { stdio: "pipe" });
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      const closed = once(child, "close");
      await until(() => existsSync(begun));
      child.kill(signal);
      assert.deepEqual(await closed, [1, null]);
      assert.equal(said, "anyctl: Interrupted before all was probed\n");
      const stat = `/proc/${readFileSync(begun, "utf8").trim()}/stat`;
      // Nobody may have looked after it yet.
      await until(() => !existsSync(stat) || / Z /.test(readFileSync(stat, "utf8")));
    });
  }

  it("ends with its last check, though a bus never greets", async (context) => {
    const path = join(temporaryFolder(context), "bus");
    const bus = createServer((socket) => {
      socket.on("error", () => undefined).resume();
    }).listen(path);
    context.after(() => bus.close());
    const { configPath } = makePop(
      context,
      `services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    checks: { unit: { type: systemd, unit: web.service, timeout: 10ms } }
`,
    );
    const child = spawn(PROGRAM, ["check", "--config", configPath], {
      env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${path}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said = await once(child.stdout, "data");
    assert.match(String(said[0]), /bus-failed/);
    const saidMs = performance.now();
    assert.deepEqual(await once(child, "close"), [1, null]);
    // A connection is given up after 5 s.
    assert.ok(performance.now() - saidMs < 3000);
  });

  it("writes a drain without an agent, with status 3", (context) => {
    const pop = makePop(context);
    const { status } = start(["drain", "dns", "--reason", "r", "--config", pop.configPath]);
    assert.equal(status, 3);
    assert.deepEqual(readdirSync(pop.drains), ["dns"]);
  });

  it("does not complain when nobody reads on", () => {
    const { status, stderr } = spawnSync("sh", ["-c", `"$0" config schema | head -c 1`, PROGRAM], {
      encoding: "utf8",
    });
    assert.deepEqual([status, stderr], [0, ""]);
  });

  it("does not color a pipe", (context) => {
    const { configPath } = makePop(context);
    assert.ok(!start(["check", "--config", configPath]).stdout.includes("\u001b"));
  });

  it("explains the agent to whoever asks, and does not start it", () => {
    for (const argv of [
      ["agent", "--help"],
      ["agent", "-h"],
    ]) {
      const { status, stdout, stderr } = start(argv);
      assert.deepEqual([status, stderr], [0, ""]);
      assert.match(stdout, /process anyctl \{ run \/usr\/bin\/anyctl agent/);
    }
  });

  it("loads neither the command line's parts for the agent nor the agent's for a command", (context) => {
    const { configPath } = makePop(context, "");
    const trace = { env: { ...process.env, NODE_DEBUG: "esm" }, input: "" };
    const agent = start(["agent", "--log-level", "nonsense", "--config", configPath], trace).stderr;
    assert.match(agent, /dist\/src\/daemon\/main\.js/);
    assert.doesNotMatch(agent, /node_modules\/yargs|dist\/src\/cli/);
  });

  it("loads no package but the YAML parser for what must be quick: a drain in an incident, words for a Tab", (context) => {
    const { configPath } = makePop(context);
    const trace = { env: { ...process.env, NODE_DEBUG: "esm" }, input: "" };
    for (const line of [
      ["status"],
      ["undrain", "--all"],
      ["why", "dns"],
      // No agent is asked for the name.
      ["drain", "--all", "--reason", "r"],
      ["__complete", "bash", "0", ""],
    ]) {
      const loaded = start([...line, "--config", configPath], trace).stderr;
      assert.match(loaded, /dist\/src\/cli\/main\.js/);
      assert.doesNotMatch(loaded, /dist\/src\/daemon/, line.join(" "));
      assert.doesNotMatch(loaded, /\/node_modules\/(?!yaml\/)/, line.join(" "));
    }
    assert.match(start(["drain", "--nonsense"], trace).stderr, /dist\/src\/cli\/command-line/);
    assert.match(start(["--help"], trace).stderr, /node_modules\/yargs/);
  });

  it("says what is missing in a clone that was not built", (context) => {
    for (const argv of [["--help"], ["agent"]]) {
      const { status, stdout, stderr } = spawnSync(unbuilt(context), argv, { encoding: "utf8" });
      assert.deepEqual([status, stdout], [1, ""]);
      assert.equal(stderr, UNBUILT);
    }
  });

  it("says which Node.js it needs", (context) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", oldNode(context), PROGRAM, "status"],
      { encoding: "utf8" },
    );
    assert.deepEqual([status, stdout], [1, ""]);
    assert.equal(stderr, OLD_NODE);
  });
});

const UNBUILT = "anyctl: Cannot find its compiled files: run `npm run build` first\n";
const OLD_NODE = "anyctl: Cannot run on Node.js 18.19.1: must be 20.19 or later\n";

/** The program in a clone that was not built. */
function unbuilt(context: TestContext): string {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  copyFileSync(PROGRAM, join(folder, "bin", "anyctl"));
  return join(folder, "bin", "anyctl");
}

/** The same, with compiled files that need a package which is not there. */
function halfInstalled(context: TestContext): string {
  const program = unbuilt(context);
  const folder = join(program, "../../dist/src/daemon");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "main.js"), 'import "no-such-package";');
  return program;
}

/** A module that makes Node.js an old one. */
function oldNode(context: TestContext): string {
  const file = join(temporaryFolder(context), "old.mjs");
  writeFileSync(file, 'Object.defineProperty(process.versions, "node", { value: "18.19.1" });');
  return file;
}

/** Its starts are counted here, and not beside the socket of this host's own agent. */
function ownPlace(context: TestContext): NodeJS.ProcessEnv {
  const folder = temporaryFolder(context);
  const config = join(folder, "anyctl.yaml");
  writeFileSync(config, `socket: ${join(folder, "agent.sock")}\n`);
  return { ...process.env, ANYCTL_CONFIG: config };
}

/** ExaBGP starts a child that has died at once, and ends itself at the sixth death in about a minute. */
describe("an agent that cannot start, under ExaBGP,", () => {
  const starts = [
    {
      name: "that was not built",
      argv: (context: TestContext) => [unbuilt(context), "agent"],
      says: UNBUILT,
      status: 1,
    },
    {
      name: "that is half installed",
      argv: (context: TestContext) => [halfInstalled(context), "agent"],
      says: /^anyctl: Cannot load the agent: Cannot find package 'no-such-package'.*\n$/,
      status: 1,
    },
    {
      name: "with an old Node.js",
      argv: (context: TestContext) => ["--import", oldNode(context), PROGRAM, "agent"],
      says: OLD_NODE,
      status: 1,
    },
    {
      name: "with wrong arguments",
      argv: () => [PROGRAM, "agent", "--confg", "x"],
      says: /^anyctl agent: Unknown option '--confg'.*\n$/,
      status: 2,
    },
  ];
  for (const { name, argv, says, status } of starts) {
    it(`${name}, says so at once, reads on, and ends with its stdin`, async (context) => {
      const child = spawn(process.execPath, argv(context), { env: ownPlace(context) });
      context.after(() => child.kill("SIGKILL"));
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      await once(child.stderr, "data");
      // More than a pipe holds: it is taken only by somebody who reads.
      await new Promise<void>((resolve, reject) => {
        child.stdin.write("done\n".repeat(100_000), (error) => (error ? reject(error) : resolve()));
      });
      assert.deepEqual([child.exitCode, child.signalCode], [null, null]);
      child.stdin.end();
      assert.deepEqual(await once(child, "close"), [status, null]);
      assert.equal(stdout, "");
      if (typeof says === "string") assert.equal(stderr, says);
      else assert.match(stderr, says);
    });
  }

  it("ends after 15 s by itself", async (context) => {
    // Each timer says how long it is, and is over at once.
    const hurry = join(temporaryFolder(context), "hurry.mjs");
    writeFileSync(
      hurry,
      `const { setTimeout } = globalThis;
      globalThis.setTimeout = (run, ms) => setTimeout(run, 0, console.error("after", ms, "ms"));`,
    );
    const child = spawn(process.execPath, ["--import", hurry, unbuilt(context), "agent"], {
      env: ownPlace(context),
    });
    context.after(() => child.kill("SIGKILL"));
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    assert.deepEqual(await once(child, "close"), [1, null]);
    assert.equal(stderr, `${UNBUILT}after 15000 ms\n`);
  });
});
