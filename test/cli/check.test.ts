import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { run } from "./fake-io.ts";
import { makePop } from "./pop.ts";

/** A port on which somebody listens. */
async function listen(context: TestContext): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  context.after(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A port on which nobody listens any more. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function makeServices(context: TestContext): Promise<{ configPath: string; dead: number }> {
  const [alive, dead] = [await listen(context), await deadPort()];
  const { configPath } = makePop(
    context,
    `services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    checks:
      good: { type: tcp, host: 127.0.0.1, port: ${alive} }
      bad: { type: tcp, host: 127.0.0.1, port: ${dead} }
  web:
    scope: local
    prefixes: [198.51.100.0/24]
    checks: { good: { type: tcp, host: 127.0.0.1, port: ${alive} } }
`,
  );
  return { configPath, dead };
}

describe("check", () => {
  it("probes all once, and ends with 1 because one failed", async (context) => {
    const { configPath, dead } = await makeServices(context);
    const { status, out, err } = await run(["check", "--config", configPath]);
    assert.equal(err, "");
    assert.equal(status, 1);
    const columns = out
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ {2,}/));
    assert.deepEqual(columns[0], ["CHECK", "TYPE", "RESULT", "REASON", "TOOK", "DETAIL"]);
    const rows = columns.slice(1).map(([id, type, result, reason]) => [id, type, result, reason]);
    assert.deepEqual(rows, [
      ["dns/good", "tcp", "pass", "passed"],
      ["dns/bad", "tcp", "fail", "refused"],
      ["web/good", "tcp", "pass", "passed"],
    ]);
    assert.match(columns[2]?.[4] ?? "", /^\d+(?:\.\d)? ms$/);
    assert.match(columns[2]?.[5] ?? "", new RegExp(`127.0.0.1:${dead}`));
  });

  it("probes one service or one check, and ends with 0 if it passed", async (context) => {
    const { configPath } = await makeServices(context);
    for (const name of ["web", "web/good", "dns/good"]) {
      assert.equal((await run(["check", name, "--config", configPath])).status, 0, name);
    }
    assert.equal((await run(["check", "dns/bad", "--config", configPath])).status, 1);
  });

  it("tells programs", async (context) => {
    const { configPath } = await makeServices(context);
    const { out } = await run(["check", "dns", "--json", "--config", configPath]);
    const findings: unknown = JSON.parse(out);
    assert.ok(Array.isArray(findings));
    const words = findings.map((one) => [
      Object(one).check,
      Object(one).outcome,
      Object(one).reason,
    ]);
    assert.deepEqual(words, [
      ["dns/good", "pass", "passed"],
      ["dns/bad", "fail", "refused"],
    ]);
    assert.equal(typeof Object(findings[0]).elapsedMs, "number");
  });

  it("is inconclusive, and so 1, where the agent itself could not judge", async (context) => {
    const { configPath } = makePop(
      context,
      `services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    checks: { good: { type: tcp, host: 127.0.0.1, port: ${await listen(context)} } }
`,
    );
    // A clock that stands still for a minute between any two looks: the results are the host's, not the service's.
    let nowMs = 0;
    const timers = {
      nowMs: () => (nowMs += 60_000),
      after: (delayMs: number, action: () => void) => {
        const timer = setTimeout(action, delayMs);
        return () => clearTimeout(timer);
      },
    };
    const { status, out } = await run(["check", "--config", configPath], { timers });
    assert.match(out, /^dns\/good +tcp +inconclusive +stalled /m);
    assert.equal(status, 1);
  });

  it("gives each program all of its time, however many there are", async (context) => {
    const names = Array.from({ length: 17 }, (_, nth) => `e${nth}`);
    const keys = '{ type: exec, command: [/bin/sleep, "1"], interval: 30s, timeout: 30s }';
    const { configPath } = makePop(
      context,
      `services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    checks: { ${names.map((name) => `${name}: ${keys}`).join(", ")} }
`,
    );
    const { status, out } = await run(["check", "--json", "--config", configPath]);
    assert.equal(status, 0);
    const took = (JSON.parse(out) as { elapsedMs: number }[]).map(({ elapsedMs }) => elapsedMs);
    assert.equal(took.length, 17);
    // One that waits for another takes twice as long.
    assert.ok(Math.max(...took) < 1.8 * Math.min(...took), took.join(" "));
  });

  it("refuses names that are not configured", async (context) => {
    const { configPath } = await makeServices(context);
    const service = await run(["check", "dsn", "--config", configPath]);
    assert.deepEqual(service, {
      status: 1,
      out: "",
      err: "anyctl: There is no service dsn; there are: dns, web\n",
    });
    const check = await run(["check", "dns/god", "--config", configPath]);
    assert.deepEqual(check, {
      status: 1,
      out: "",
      err: "anyctl: There is no check dns/god; there are: dns/good, dns/bad\n",
    });
  });

  it("refuses an invalid configuration with all its problems", async (context) => {
    const { configPath } = makePop(context, "servces: {}\nsocet: x\n");
    const { status, out, err } = await run(["check", "--config", configPath]);
    assert.deepEqual([status, out], [1, ""]);
    const lines = err.trimEnd().split("\n");
    assert.ok(lines.length >= 3);
    assert.match(lines.at(-1) ?? "", /^anyctl: Cannot use config ".*": \d+ problems$/);
  });

  it("probes a shared check once for all its uses", async (context) => {
    let requests = 0;
    const server = createHttpServer((_, response) => {
      requests += 1;
      response.end("ok");
    }).listen(0, "127.0.0.1");
    context.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { configPath } = makePop(
      context,
      `checks: { both: { type: http, url: "http://127.0.0.1:${port}/" } }
services:
  dns: { scope: local, prefixes: [192.0.2.0/24], checks: { a: { use: both }, b: { use: both } } }
  web: { scope: local, prefixes: [198.51.100.0/24], checks: { c: { use: both } } }
`,
    );
    const all = await run(["check", "--json", "--config", configPath]);
    assert.equal(all.status, 0, all.err);
    const found = JSON.parse(all.out) as { check: string; outcome: string }[];
    assert.deepEqual(
      found.map(({ check, outcome }) => `${check} ${outcome}`),
      ["dns/a pass", "dns/b pass", "web/c pass"],
    );
    assert.equal(requests, 1);
    const one = await run(["check", "web/c", "--config", configPath]);
    assert.match(one.out, /web\/c +http +pass/);
    assert.equal(requests, 2);
  });
});
