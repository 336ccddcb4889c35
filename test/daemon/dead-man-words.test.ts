import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { LineWriter } from "exabgp-ts-bridge";
import { DeadManPipe } from "../../src/daemon/dead-man-pipe.ts";
import {
  createWords,
  endsWithinLine,
  giveBack,
  guardOf,
  takeWriting,
} from "../../src/daemon/dead-man-words.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { manualClock } from "./fixtures.ts";

const LINE = "withdraw route 192.0.2.0/24 next-hop self";

/** A pipe with a name: its ends are opened anew as those of a process are. */
function pipe(context: TestContext, name: string) {
  const path = join(temporaryFolder(context), name);
  assert.equal(spawnSync("mkfifo", [path]).status, 0);
  // Both ways, so that neither end waits for the other.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  context.after(() => closeSync(fd));
  return { path, fd };
}

function readAll(fd: number): string {
  const buffer = Buffer.alloc(1 << 20);
  let text = "";
  try {
    for (;;) text += buffer.toString("latin1", 0, readSync(fd, buffer));
  } catch {
    return text;
  }
}

/** The main thread's writer on a pipe, and the words that it shares. */
function mainWriter(context: TestContext) {
  const { fd } = pipe(context, "out");
  const clock = manualClock();
  const words = createWords();
  const failed = (error: Error) => assert.fail(error);
  const writer = new LineWriter({ fd, timers: clock, failed, guard: guardOf(words) });
  return { fd, clock, words, writer };
}

describe("one pipe for two threads", () => {
  it("is the worker's alone once it has taken it, and the writer's again when given back", (t) => {
    const { fd, clock, words, writer } = mainWriter(t);
    assert.equal(takeWriting(words, 0), true);
    writer.write(LINE);
    clock.advance(1000);
    assert.equal(readAll(fd), "");
    giveBack(words);
    clock.advance(5);
    assert.equal(readAll(fd), `${LINE}\n`);
  });

  it("is not to be had while the main thread is within a write", (t) => {
    const { words } = mainWriter(t);
    const guard = guardOf(words);
    assert.equal(guard.enter(), true);
    assert.equal(takeWriting(words, 20), false);
    guard.leave(false);
    assert.equal(takeWriting(words, 0), true);
  });

  it("says when what the main thread wrote ends within a line", (t) => {
    const { fd, clock, words, writer } = mainWriter(t);
    writer.write(LINE);
    assert.equal(endsWithinLine(words), false);
    while (writer.backlogBytes < 8192) writer.write(LINE);
    // More than 4 KiB (PIPE_BUF) at once may go in by parts: room is made for one.
    assert.equal(endsWithinLine(words), false);
    readSync(fd, Buffer.alloc(4096));
    clock.advance(5);
    assert.equal(endsWithinLine(words), true);
    assert.doesNotMatch(readAll(fd), /\n$/);
    clock.advance(5);
    assert.equal(endsWithinLine(words), false);
    assert.match(readAll(fd), /\n$/);
  });
});

describe("the pipes of the dead-man's switch", () => {
  it("are opened anew: a full one is given up in time, and holds whole lines", (t) => {
    const [output, input] = [pipe(t, "out"), pipe(t, "in")];
    const deadMan = new DeadManPipe(output.path, input.path);
    let written = 0;
    const beganMs = performance.now();
    while (deadMan.write(`${LINE} med ${written}`)) written += 1;
    assert.ok(performance.now() - beganMs < 5000);
    assert.ok(written > 1000, `only ${written} lines`);
    const expected = Array.from({ length: written }, (_, nth) => `${LINE} med ${nth}\n`);
    assert.equal(readAll(output.fd), expected.join(""));
    // What comes later would stand alone: nothing is written any more.
    assert.equal(deadMan.write(LINE), false);
    assert.equal(readAll(output.fd), "");
  });

  it("end half a line of the main thread's first, so that it is no command", (t) => {
    const [output, input] = [pipe(t, "out"), pipe(t, "in")];
    const deadMan = new DeadManPipe(output.path, input.path);
    writeSync(output.fd, `${LINE} med 1`);
    assert.equal(deadMan.writeAll([LINE, LINE], true), 2);
    assert.equal(readAll(output.fd), `${LINE} med 1 # 0\n${LINE}\n${LINE}\n`);
    assert.equal(deadMan.writeAll([LINE], false), 1);
    assert.equal(readAll(output.fd), `${LINE}\n`);
  });

  it("wait for the answer to a question, not for those before it", (t) => {
    const [output, input] = [pipe(t, "out"), pipe(t, "in")];
    const deadMan = new DeadManPipe(output.path, input.path);
    writeSync(input.fd, "Peer  AS  up/down\ndone\n");
    assert.equal(deadMan.awaitAnswer("show neighbor summary", 50), false);
    assert.equal(readAll(output.fd), "show neighbor summary\n");
  });

  it("know the answer behind others", async (t) => {
    const [output, input] = [pipe(t, "out"), pipe(t, "in")];
    const deadMan = new DeadManPipe(output.path, input.path);
    const { Worker } = await import("node:worker_threads");
    const answers = 'done\nerror\n{ "exabgp": "4.2.21" }\nPeer  AS  up/down\n192.0.2.1 up\ndone\n';
    // This thread waits below, so another one answers, when it is asked.
    const worker = new Worker(
      `const fs = require("node:fs");
       const fd = fs.openSync(${JSON.stringify(output.path)}, "r");
       fs.readSync(fd, Buffer.alloc(100));
       fs.writeSync(fs.openSync(${JSON.stringify(input.path)}, "w"), ${JSON.stringify(answers)});`,
      { eval: true },
    );
    t.after(() => worker.terminate());
    assert.equal(deadMan.awaitAnswer("show neighbor summary", 10_000), true);
  });
});
