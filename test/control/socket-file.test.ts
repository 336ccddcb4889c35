import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import { getStatus } from "../../src/control/client.ts";
import { startControlServer } from "../../src/control/server.ts";
import { SOCKET_PATH_BYTES_MAX, SocketPathError } from "../../src/control/socket-file.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { STATUS } from "./fixtures.ts";

async function start(context: TestContext, socketPath: string) {
  const server = await startControlServer({
    socketPath,
    status: () => STATUS,
    healthz: () => ({ ok: true, detail: "" }),
    problem: (detail) => assert.fail(detail),
    timers: systemTimers,
  });
  context.after(() => server.close());
  return server;
}

async function isAnswered(socketPath: string): Promise<boolean> {
  return (await getStatus(socketPath, 1000, systemTimers)).pop === "fra1";
}

/** A socket file that a process left behind when it was killed. */
async function leaveDeadSocket(path: string): Promise<void> {
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => console.log("listening"))`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.ok(existsSync(path), "a killed process leaves its socket");
}

describe("the socket", () => {
  it("is for owner and group, in folders that everybody may enter, whatever the umask", async (context) => {
    const folder = temporaryFolder(context);
    const socketPath = join(folder, "run", "anyctl", "agent.sock");
    // ExaBGP's: folders made under it cannot be entered.
    const before = process.umask(0o137);
    context.after(() => process.umask(before));
    await start(context, socketPath);
    assert.equal(statSync(socketPath).mode & 0o777, 0o660);
    assert.equal(statSync(dirname(socketPath)).mode & 0o777, 0o755);
    assert.equal(statSync(join(folder, "run")).mode & 0o777, 0o755);
    assert.ok(await isAnswered(socketPath));
  });

  it("leaves a folder that is there as it is", async (context) => {
    const folder = temporaryFolder(context);
    await start(context, join(folder, "agent.sock"));
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(folder), ["agent.sock"]);
  });

  it("replaces a dead one", async (context) => {
    const socketPath = join(temporaryFolder(context), "agent.sock");
    await leaveDeadSocket(socketPath);
    await start(context, socketPath);
    assert.ok(await isAnswered(socketPath));
  });

  it("never takes one from the living", async (context) => {
    const socketPath = join(temporaryFolder(context), "agent.sock");
    await start(context, socketPath);
    await assert.rejects(start(context, socketPath), {
      name: "SocketPathError",
      code: "IN_USE",
      message: `Cannot listen on "${socketPath}": another agent answers there`,
    });
    assert.ok(await isAnswered(socketPath));
  });

  it("is taken by one of two that start at once", async (context) => {
    const socketPath = join(temporaryFolder(context), "agent.sock");
    await leaveDeadSocket(socketPath);
    const starts = await Promise.allSettled([1, 2, 3].map(() => start(context, socketPath)));
    assert.equal(starts.filter(({ status }) => status === "fulfilled").length, 1);
    for (const one of starts) {
      if (one.status === "rejected") assert.ok(one.reason instanceof SocketPathError);
    }
    assert.ok(await isAnswered(socketPath));
    assert.deepEqual(readdirSync(dirname(socketPath)), ["agent.sock"]);
  });

  it("is gone after close", async (context) => {
    const socketPath = join(temporaryFolder(context), "agent.sock");
    const server = await start(context, socketPath);
    await server.close();
    assert.deepEqual(readdirSync(dirname(socketPath)), []);
    await start(context, socketPath);
  });

  it("stays after close when it is another agent's by then", async (context) => {
    const socketPath = join(temporaryFolder(context), "agent.sock");
    const old = await start(context, socketPath);
    renameSync(socketPath, `${socketPath}.old`);
    await start(context, socketPath);
    await old.close();
    assert.ok(await isAnswered(socketPath));
  });

  it("is not made where another file is, and that file stays", async (context) => {
    const folder = temporaryFolder(context);
    const socketPath = join(folder, "agent.sock");
    writeFileSync(socketPath, "precious");
    const expected = {
      code: "NOT_A_SOCKET",
      message: `Cannot listen on "${socketPath}": something that is no socket is there`,
    };
    await assert.rejects(start(context, socketPath), expected);
    assert.equal(readFileSync(socketPath, "utf8"), "precious");
    const linkPath = join(folder, "link.sock");
    symlinkSync(join(folder, "nowhere"), linkPath);
    await assert.rejects(start(context, linkPath), { code: "NOT_A_SOCKET" });
    assert.ok(lstatSync(linkPath).isSymbolicLink());
    await assert.rejects(start(context, folder), { code: "NOT_A_SOCKET" });
  });

  it("needs a folder", async (context) => {
    const folder = temporaryFolder(context);
    writeFileSync(join(folder, "file"), "");
    await assert.rejects(start(context, join(folder, "file", "agent.sock")), { code: "ENOTDIR" });
  });

  it("may have a path as long as the kernel takes, and no longer", async (context) => {
    const folder = temporaryFolder(context);
    const longest = join(folder, "s".repeat(SOCKET_PATH_BYTES_MAX - folder.length - 1));
    await start(context, longest);
    assert.ok(await isAnswered(longest));
    const tooLong = `${longest}s`;
    await assert.rejects(start(context, tooLong), {
      code: "TOO_LONG",
      message: `Cannot listen on "${tooLong}": the path has 108 bytes, and a socket's may have 107`,
    });
    assert.deepEqual(readdirSync(folder).length, 1);
  });

  it("may be as long with a short name in a long folder", async (context) => {
    const folder = temporaryFolder(context);
    const below = join(folder, "d".repeat(SOCKET_PATH_BYTES_MAX - folder.length - 4));
    await start(context, join(below, "ab"));
    assert.ok(await isAnswered(join(below, "ab")));
    assert.deepEqual(readdirSync(below), ["ab"]);
  });

  it("may have a name of one letter", async (context) => {
    const folder = temporaryFolder(context);
    await start(context, join(folder, "s"));
    assert.deepEqual(readdirSync(folder), ["s"]);
  });

  it("of a busy agent that accepts nothing is still the living's", async (context) => {
    const socketPath = join(temporaryFolder(context), "agent.sock");
    const busy = createServer().listen(socketPath);
    context.after(() => busy.close());
    await once(busy, "listening");
    await assert.rejects(start(context, socketPath), { code: "IN_USE" });
  });
});
