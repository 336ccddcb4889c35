/** The example in CONTRIBUTING.md is what people start from: it compiles, and judges as the other probes do. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { createInterface } from "node:readline";
import { after, before, describe, test, type TestContext } from "node:test";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { attempt } from "../../checks/attempt.ts";
import type * as Registry from "../../checks/registry.ts";
import { createProbeContext } from "../../checks/context.ts";
import { systemTimers } from "../../checks/timers.ts";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, PATIENCE_MS } from "./probing.ts";
import { temporaryFolder } from "./temporary.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Never accepts: after two connections its queue is full. */
const FULL_LISTENER = `
  require("node:net").createServer().listen({ path: process.argv[1], backlog: 1 }, () => {
    require("node:fs").writeSync(1, "listening\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

describe("the example of a check type", { timeout: HANG_MS }, () => {
  // Below the root, so that packages are found as from `checks`.
  const folder = join(ROOT, "dist", `contributing-${process.pid}`);
  let registry: typeof Registry;

  before(async () => {
    const [probe = "", lines = ""] = exampleIn(readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8"));
    const [importLine = "", row = ""] = lines.split("\n");
    cpSync(join(ROOT, "checks"), join(folder, "checks"), { recursive: true, dereference: true });
    writeFileSync(join(folder, "checks/socket.ts"), probe);
    const path = join(folder, "checks/registry.ts");
    const table = "export const CHECK_TYPES = {\n";
    const withRow = readFileSync(path, "utf8").replace(table, `${table}${row}\n`);
    writeFileSync(path, `${importLine}\n${withRow}`);
    const config = {
      extends: join(ROOT, "tsconfig.base.json"),
      compilerOptions: { rootDir: ".", outDir: "out", composite: false, declaration: false },
      include: ["checks"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(ROOT, "node_modules/.bin/tsc");
    assert.equal(spawnSync(tsc, ["-p", folder], { encoding: "utf8" }).stdout, "");
    registry = await import(pathToFileURL(join(folder, "out/checks/registry.js")).href);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** `meanwhile` runs when the probe has begun. */
  async function judge(path: string, timers = systemTimers, meanwhile = () => {}): Promise<string> {
    const spec = registry.CheckSchema.parse({ type: "socket", path });
    const probe = registry.createProbe(spec, createProbeContext());
    const running = attempt(probe, PATIENCE_MS, timers);
    meanwhile();
    const { result } = await running;
    return `${result.outcome} ${result.reason}`;
  }

  test("passes, and closes its connection", async (context) => {
    const path = join(temporaryFolder(context), "socket");
    const accepted = once(await listenAt(path, context), "connection");
    assert.equal(await judge(path), "pass passed");
    const [socket] = await accepted;
    await once(socket.resume(), "close");
  });

  test("refused where nobody listens, or nothing is", async (context) => {
    const path = await abandonedSocket(context);
    assert.equal(await judge(path), "fail refused");
    assert.equal(await judge(`${path}-none`), "fail refused");
  });

  test("a service that accepts nothing: timeout", async (context) => {
    const path = join(temporaryFolder(context), "socket");
    const child = spawn(process.execPath, ["-e", FULL_LISTENER, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    context.after(() => child.kill("SIGKILL"));
    await once(createInterface(child.stdout), "line");
    for (let filled = 0; filled < 2; filled += 1) {
      const filler = connect(path);
      context.after(() => filler.destroy());
      await once(filler, "connect");
    }
    assert.equal(await judge(path), "fail timeout");
  });

  test("time is over: timeout at once, not the error of an abort", async (context) => {
    const path = join(temporaryFolder(context), "socket");
    const accepted = once(await listenAt(path, context), "connection");
    const timers = manualTimers();
    assert.equal(await judge(path, timers, () => timers.advance(PATIENCE_MS)), "fail timeout");
    assert.equal(timers.pending, 0);
    const [socket] = await accepted;
    await once(socket.resume(), "close");
  });
});

/** The blocks of TypeScript in the page: the file, and the lines for the registry. */
function exampleIn(page: string): string[] {
  return [...page.matchAll(/^```ts\n(?<code>.*?)^```$/gms)].map(
    ({ groups }) => groups?.["code"] ?? "",
  );
}

async function listenAt(path: string, context: TestContext): Promise<Server> {
  const server = createServer().listen(path);
  server.on("connection", (socket) => context.after(() => socket.destroy()));
  context.after(() => server.close());
  await once(server, "listening");
  return server;
}

/** A Unix socket whose listener is gone. */
async function abandonedSocket(context: TestContext): Promise<string> {
  const path = join(temporaryFolder(context), "socket");
  const server = await listenAt(path, context);
  // `close` removes the path under which it listened.
  renameSync(path, `${path}-abandoned`);
  server.close();
  await once(server, "close");
  return `${path}-abandoned`;
}
