import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test, type TestContext } from "node:test";
import { createProbeContext } from "../../checks/context.ts";
import { CheckSchema, createListen } from "../../checks/registry.ts";
import { asNobody, isRoot } from "./as-user.ts";
import { manualTimers } from "./manual-timers.ts";
import { HANG_MS, runCheck, until } from "./probing.ts";
import { temporaryFolder } from "./temporary.ts";

/** Never accepts: after two connections its queue is full. */
const FULL_LISTENER = `
  require("node:net").createServer().listen({ path: process.argv[1], backlog: 1 }, () => {
    require("node:fs").writeSync(1, "listening\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

async function judge(path: string, keys: object = {}): Promise<string> {
  const { result, error } = await runCheck({ type: "unix", path, ...keys });
  assert.equal(error, undefined);
  return `${result.outcome} ${result.reason}: ${result.detail}`;
}

describe("unix", { timeout: HANG_MS }, () => {
  test("passes, and closes its connection", async (context) => {
    const { path, server } = await listenIn(context);
    const accepted = once(server, "connection") as Promise<[Socket]>;
    assert.equal(await judge(path), "pass passed: connected");
    const [socket] = await accepted;
    await once(socket.resume(), "close");
    assert.equal(socket.bytesRead, 0);
  });

  test("follows a symbolic link", async (context) => {
    const { path } = await listenIn(context);
    symlinkSync(path, `${path}-link`);
    assert.equal(await judge(`${path}-link`), "pass passed: connected");
  });

  test("refused: nothing, no socket, nobody behind it, a loop", async (context) => {
    const { path, server } = await listenIn(context);
    const file = `${path}-file`;
    writeFileSync(file, "");
    symlinkSync(`${path}-loop`, `${path}-loop`);
    // `close` would remove the path under which it listened.
    renameSync(path, `${path}-abandoned`);
    server.close();
    await once(server, "close");
    for (const [where, code] of [
      [path, "ENOENT"],
      [file, "ECONNREFUSED"],
      [`${file}/socket`, "ENOTDIR"],
      [`${path}-abandoned`, "ECONNREFUSED"],
      [`${path}-loop`, "ELOOP"],
    ] as const) {
      assert.equal(await judge(where), `fail refused: connect ${code} ${where}`);
    }
  });

  test("refused: a datagram socket", async (context) => {
    const path = join(temporaryFolder(context), "datagram");
    const child = spawn("python3", [
      "-c",
      `import socket,sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); print(1, flush=True); sys.stdin.read()`,
      path,
    ]);
    context.after(() => child.kill("SIGKILL"));
    await once(createInterface(child.stdout), "line");
    assert.equal(await judge(path), `fail refused: connect EPROTOTYPE ${path}`);
  });

  test("a service that accepts nothing: timeout at once", async (context) => {
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
    assert.equal(await judge(path), `fail timeout: connect EAGAIN ${path}`);
  });

  test(
    "what the agent may not open says nothing about the service",
    { skip: !isRoot },
    async (context) => {
      const { path, folder } = await listenIn(context);
      chmodSync(folder, 0o755);
      chmodSync(path, 0o600);
      const said = `inconclusive no-permission: connect EACCES ${path}`;
      assert.equal(await asNobody(() => judge(path)), said);
      assert.equal(await asNobody(() => judge(path, { expect: "x" })), said);
      chmodSync(path, 0o666);
      assert.equal(await asNobody(() => judge(path)), "pass passed: connected");
    },
  );

  test("a real daemon: redis", async (context) => {
    const folder = temporaryFolder(context);
    const path = join(folder, "redis.sock");
    const options = ["--port", "0", "--unixsocket", path, "--dir", folder, "--save", ""];
    const child = spawn("redis-server", options, { stdio: ["ignore", "pipe", "inherit"] });
    context.after(() => child.kill("SIGKILL"));
    for await (const line of createInterface(child.stdout)) {
      if (line.includes("ready to accept connections")) break;
    }
    assert.equal(await judge(path), "pass passed: connected");
    const ping = { send: "PING\r\n", expect: "+PONG" };
    assert.equal(await judge(path, ping), 'pass passed: answer begins "+PONG"');
    child.kill("SIGKILL");
    await once(child, "exit");
    // Its path stays.
    assert.equal(await judge(path), `fail refused: connect ECONNREFUSED ${path}`);
  });

  test("expect: right, wrong, cut short, and silent", async (context) => {
    const { path, server } = await listenIn(context);
    let answer = "OK 1\n";
    let asked = 0;
    const sockets: Socket[] = [];
    server.on("connection", (socket) => {
      sockets.push(socket);
      socket.on("data", () => {
        asked += 1;
        if (answer !== "") socket.end(answer);
      });
    });
    const keys = { send: "status\n", "expect-hex": "4f 4b 20" };
    assert.equal(await judge(path, keys), 'pass passed: answer begins "OK "');
    answer = "NO";
    assert.equal(await judge(path, keys), 'fail wrong-answer: answer differs at byte 1: "NO"');
    answer = "O";
    assert.equal(await judge(path, keys), "fail closed: after 1 of 3 bytes");
    answer = "";
    const timers = manualTimers();
    const check = { type: "unix", path, ...keys };
    const running = runCheck(check, { timers, timeoutMs: 500 });
    await until(() => asked === 4);
    timers.advance(500);
    assert.equal((await running).result.detail, "waiting for the answer: 0 of 3 bytes");
    for (const socket of sockets) if (!socket.closed) await once(socket.resume(), "close");
    assert.match(await judge(`${path}-none`, keys), /^fail refused: connect ENOENT/);
  });

  test("watch: the end of the idle connection is heard", async (context) => {
    const { path, server } = await listenIn(context);
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const spec = CheckSchema.parse({ type: "unix", path, watch: true });
    const listen = createListen(spec, createProbeContext({ timers: manualTimers() }));
    assert.ok(listen !== undefined);
    const heard: string[] = [];
    const listener = listen((word) => heard.push(word));
    context.after(() => listener.close());
    const [socket] = await accepted;
    await until(() => listener.isListening);
    assert.deepEqual(heard, []);
    socket.destroy();
    await until(() => heard.length > 0);
    assert.deepEqual(heard, ["connection-lost"]);
  });

  test("without watch nothing is listened to", () => {
    const spec = CheckSchema.parse({ type: "unix", path: "/run/x" });
    assert.equal(createListen(spec, createProbeContext()), undefined);
  });
});

async function listenIn(
  context: TestContext,
): Promise<{ folder: string; path: string; server: Server }> {
  const folder = temporaryFolder(context);
  const path = join(folder, "socket");
  const server = createServer().listen(path);
  server.on("connection", (socket) => context.after(() => socket.destroy()));
  context.after(() => server.close());
  await once(server, "listening");
  return { folder, path, server };
}
