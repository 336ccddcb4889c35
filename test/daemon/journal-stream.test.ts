import assert from "node:assert/strict";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { JournalStream } from "../../src/daemon/journal-stream.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { waitUntil } from "../lab/wait.ts";
import { manualClock } from "./fixtures.ts";

const HEADER = "anyctl\n\n6\n1\n0\n0\n0\n";
const line = (level: string, msg: string) => `{"level":"${level}","msg":"${msg}"}\n`;

interface Journald {
  readonly server: Server;
  readonly sockets: Socket[];
  /** What each connection has sent. */
  readonly texts: string[];
  stop(): Promise<void>;
}

async function startJournald(t: TestContext, path: string, reads = true): Promise<Journald> {
  const sockets: Socket[] = [];
  const texts: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // As journald does.
    socket.end();
    const nth = sockets.push(socket) - 1;
    texts[nth] = "";
    socket.on("error", () => {});
    if (reads) socket.setEncoding("utf8").on("data", (text: string) => (texts[nth] += text));
  }).listen(path);
  await once(server, "listening");
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    if (server.listening) await once(server, "close");
  };
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, sockets, texts, stop };
}

function setUp(t: TestContext) {
  const path = join(temporaryFolder(t), "stdout");
  const clock = manualClock();
  const stderr: string[] = [];
  const open = () =>
    new JournalStream({ path, clock, fallback: { write: (text) => stderr.push(text) } });
  return { path, clock, stderr, open };
}

describe("JournalStream", () => {
  it("sends what journald expects: a header, and lines with their priority", async (t) => {
    const { path, stderr, open } = setUp(t);
    const { texts } = await startJournald(t, path);
    const stream = open();
    for (const level of ["debug", "info", "warn", "error", "fatal"]) {
      stream.write(line(level, "<0>"));
    }
    const [d, i, w, e, f] = ["debug", "info", "warn", "error", "fatal"].map((l) => line(l, "<0>"));
    const all = `${HEADER}<7>${d}<6>${i}<4>${w}<3>${e}<2>${f}`;
    await waitUntil("the lines", () => texts[0]?.length === all.length || undefined);
    assert.deepEqual([texts, stderr], [[all], []]);
  });

  it("cuts a line that journald would take for two", async (t) => {
    const { path, open } = setUp(t);
    const { texts } = await startJournald(t, path);
    const stream = open();
    stream.write(line("info", "é".repeat(60_000)));
    stream.write(line("info", "next"));
    await waitUntil("the lines", () => texts[0]?.includes("next") || undefined);
    const lines = (texts[0] ?? "").slice(HEADER.length).split("\n");
    assert.deepEqual(
      lines.map((text) => text.slice(0, 25)),
      [`<6>{"level":"info","msg":"`.slice(0, 25), `<6>{"level":"info","msg":"`.slice(0, 25), ""],
    );
    assert.ok(Buffer.byteLength(texts[0] ?? "") < 48 * 1024);
  });

  it("without a journald uses stderr, and goes over when there is one", async (t) => {
    const { path, clock, stderr, open } = setUp(t);
    const stream = open();
    stream.write(line("info", "before anybody knows"));
    await waitUntil("the line", () => stderr.length === 1 || undefined);
    stream.write(line("info", "at once"));
    assert.equal(stderr.length, 2);
    const { texts } = await startJournald(t, path);
    clock.advance(5000);
    stream.write(line("info", "again"));
    await waitUntil("the line", () => texts[0]?.includes("again") || undefined);
    assert.equal(texts[0], `${HEADER}<6>${line("info", "again")}`);
    assert.deepEqual(stderr, [line("info", "before anybody knows"), line("info", "at once")]);
  });

  it("goes to stderr while journald is away, and comes back", async (t) => {
    const { path, clock, stderr, open } = setUp(t);
    const first = await startJournald(t, path);
    const stream = open();
    stream.write(line("info", "one"));
    await waitUntil("the line", () => first.texts[0]?.includes("one") || undefined);
    await first.stop();
    rmSync(path, { force: true });
    await waitUntil("stderr", () => {
      stream.write(line("info", "two"));
      return stderr.length > 0 || undefined;
    });
    const second = await startJournald(t, path);
    clock.advance(5000);
    stream.write(line("info", "three"));
    await waitUntil("the line", () => second.texts[0]?.includes("three") || undefined);
    assert.equal(
      stderr.every((text) => text === line("info", "two")),
      true,
    );
  });

  it("when journald stalls costs bounded memory and no time, and tells what was lost", async (t) => {
    const { path, stderr, open } = setUp(t);
    const { sockets, texts } = await startJournald(t, path, false);
    const stream = open();
    await waitUntil("the connection", () => sockets[0]);
    const one = line("info", "x".repeat(970));
    for (let nth = 0; nth < 2000; nth += 1) stream.write(one);
    const { lost } = stream;
    assert.ok(lost > 500 && lost < 2000, String(lost));
    stream.write(one);
    texts[0] = "";
    sockets[0]?.setEncoding("utf8").on("data", (text: string) => (texts[0] += text));
    await waitUntil("the count", () => texts[0]?.includes("log lines lost") || undefined);
    assert.ok(
      texts[0]?.endsWith(`"lost":${lost + 1},"msg":"log lines lost"}\n`),
      texts[0]?.slice(-99),
    );
    assert.equal(texts[0]?.split(one).length, 2000 - lost + 1);
    assert.deepEqual(stderr, []);
  });

  it("before exit gives back what has not left the process", async (t) => {
    const { path, stderr, open } = setUp(t);
    const { texts } = await startJournald(t, path);
    const stream = open();
    stream.write(line("fatal", "crash"));
    stream.rescue();
    assert.deepEqual(stderr, [line("fatal", "crash")]);
    await waitUntil("the line", () => texts[0]?.includes("crash") || undefined);
    stream.write(line("fatal", "another"));
    stream.rescue();
    assert.equal(stderr.length, 1, "the kernel has it");
    await waitUntil("the line", () => texts[0]?.includes("another") || undefined);
  });
});
