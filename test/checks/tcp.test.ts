import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, runCheck } from "./probing.ts";
import { freePort, listen } from "./servers.ts";

/** Never accepts: after two connections its queue is full, and the kernel drops further SYNs. */
const FULL_LISTENER = `
  const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    require("node:fs").writeSync(1, server.address().port + "\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

describe("tcp", { timeout: HANG_MS }, () => {
  test("passes when the connection is established, and resets it", async (context) => {
    const errors: unknown[] = [];
    const server = await listen(context, (socket) => {
      socket.on("error", (error: NodeJS.ErrnoException) => errors.push(error.code));
    });
    const { result } = await runCheck({ type: "tcp", host: "127.0.0.1", port: server.port });
    assert.deepEqual(result, {
      outcome: "pass",
      reason: "passed",
      detail: "connected to 127.0.0.1",
    });
    await server.connection();
    await server.allClosed();
    assert.equal(server.sockets.length, 1);
    assert.deepEqual(errors, ["ECONNRESET"]);
  });

  test("IPv6", async (context) => {
    const server = await listen(context, () => undefined, { host: "::1" });
    const { result } = await runCheck({ type: "tcp", host: "::1", port: server.port });
    assert.equal(result.detail, "connected to ::1");
    await server.connection();
    await server.allClosed();
  });

  for (const host of ["127.0.0.1", "::1"]) {
    test(`localhost finds a listener on ${host} alone`, async (context) => {
      const server = await listen(context, () => undefined, { host });
      const { result } = await runCheck({ type: "tcp", host: "localhost", port: server.port });
      assert.equal(result.detail, `connected to ${host}`);
      await server.connection();
      await server.allClosed();
    });
  }

  test("refused", async () => {
    const port = await freePort();
    const { result } = await runCheck({ type: "tcp", host: "127.0.0.1", port });
    assert.deepEqual(result, {
      outcome: "fail",
      reason: "refused",
      detail: `connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  test("refused at every address of a name", async () => {
    const port = await freePort();
    const { result } = await runCheck({ type: "tcp", host: "localhost", port });
    assert.equal(result.reason, "refused");
  });

  test("unreachable", async () => {
    // Linux refuses TCP to a broadcast address by itself; nothing is sent.
    const { result } = await runCheck({ type: "tcp", host: "255.255.255.255", port: 9 });
    assert.equal(`${result.outcome} ${result.reason}`, "fail unreachable");
  });

  test("the interface of a link-local address is gone: unreachable", async () => {
    const { result, error } = await runCheck({ type: "tcp", host: "fe80::1%none0", port: 9 });
    assert.equal(error, undefined);
    assert.equal(`${result.outcome} ${result.reason}`, "fail unreachable");
  });

  test("a service that closes at once was there: pass", async (context) => {
    const server = await listen(context, (socket) => socket.end());
    const { result } = await runCheck({ type: "tcp", host: "127.0.0.1", port: server.port });
    assert.equal(result.outcome, "pass");
  });

  test("silent: timeout, and the connection is given up", async (context) => {
    const child = spawn(process.execPath, ["-e", FULL_LISTENER], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    context.after(() => child.kill("SIGKILL"));
    const [line] = await once(createInterface(child.stdout), "line");
    const port = Number(line);
    for (let filled = 0; filled < 2; filled += 1) {
      const filler = connect(port, "127.0.0.1");
      context.after(() => filler.destroy());
      await once(filler, "connect");
    }
    // Silence is no refusal: it is a timeout where a connection should fail, too.
    for (const shouldFail of [false, true]) {
      const timers = manualTimers();
      const check = { type: "tcp", host: "127.0.0.1", port, "should-fail": shouldFail };
      const running = runCheck(check, { timers, timeoutMs: 500 });
      // The name is an address: after one turn the connection is under way.
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      await new Promise(setImmediate);
      timers.advance(500);
      // oxlint-disable-next-line no-await-in-loop -- as above
      const { result } = await running;
      assert.equal(`${result.outcome} ${result.reason}`, "fail timeout");
      assert.match(result.detail, /^no answer to the connection request: 127\.0\.0\.1 port \d+$/);
      assert.equal(timers.pending, 0);
    }
  });

  test("time that is over before it begins says nothing about the service", async (context) => {
    const server = await listen(context, () => undefined);
    const timers = manualTimers();
    const check = { type: "tcp", host: "127.0.0.1", port: server.port };
    const running = runCheck(check, { timers, timeoutMs: 500 });
    timers.advance(500);
    const { result } = await running;
    assert.equal(`${result.outcome} ${result.reason}`, "inconclusive stalled");
    assert.equal(server.sockets.length, 0);
  });
});
