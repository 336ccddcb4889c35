// bin/anyctl itself: what can only be seen from outside the process.
import assert from "node:assert/strict";
import { spawn, spawnSync, type SpawnSyncOptions } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
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
      stderr:
        'anyctl: Cannot use "drian": no such command; allowed: status, drain, undrain, check, config, agent, version\n',
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
    const status = start(["status", "--config", configPath], trace).stderr;
    assert.match(status, /node_modules\/yargs/);
    assert.doesNotMatch(status, /dist\/src\/daemon|node_modules\/(?:got|pino|zod)\//);
  });

  it("says what is missing in a clone that was not built", (context) => {
    const folder = temporaryFolder(context);
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    copyFileSync(PROGRAM, join(folder, "bin", "anyctl"));
    for (const argv of [["--help"], ["agent"]]) {
      const { status, stdout, stderr } = spawnSync(join(folder, "bin", "anyctl"), argv, {
        encoding: "utf8",
      });
      assert.deepEqual([status, stdout], [1, ""]);
      assert.equal(stderr, "anyctl: Cannot find its compiled files: run `npm run build` first\n");
    }
  });

  it("says which Node.js it needs", (context) => {
    const old = join(temporaryFolder(context), "old.mjs");
    writeFileSync(old, 'Object.defineProperty(process.versions, "node", { value: "18.19.1" });');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", old, PROGRAM, "status"],
      { encoding: "utf8" },
    );
    assert.deepEqual([status, stdout], [1, ""]);
    assert.equal(stderr, "anyctl: Cannot run on Node.js 18.19.1: must be 20.19 or later\n");
  });
});
