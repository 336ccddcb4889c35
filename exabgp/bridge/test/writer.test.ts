import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { BACKLOG_BYTES_MAX, encodeAnnounce, LineWriter } from "../src/index.ts";
import { FakeTimers } from "./fake-timers.ts";

const LINE = encodeAnnounce({ prefix: "192.0.2.0/24", nextHop: "self" });

/** A real pipe whose both ends are here; non-blocking, as a library may make it. */
function pipe(context: TestContext): { readEnd: number; writeEnd: number } {
  const folder = mkdtempSync(join(tmpdir(), "bridge-writer-"));
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  rmSync(folder, { recursive: true });
  context.after(() => {
    for (const fd of [readEnd, writeEnd]) {
      try {
        closeSync(fd);
      } catch {
        // The test closed it.
      }
    }
  });
  return { readEnd, writeEnd };
}

function readAll(fd: number): string {
  const pieces: string[] = [];
  const buffer = Buffer.alloc(65_536);
  for (;;) {
    try {
      const length = readSync(fd, buffer);
      if (length === 0) return pieces.join("");
      pieces.push(buffer.toString("latin1", 0, length));
    } catch {
      return pieces.join("");
    }
  }
}

function writerOn(fd: number): { writer: LineWriter; timers: FakeTimers; failures: Error[] } {
  const timers = new FakeTimers();
  const failures: Error[] = [];
  const writer = new LineWriter({ fd, timers, failed: (error) => void failures.push(error) });
  return { writer, timers, failures };
}

test("writes a line at once", (context) => {
  const { readEnd, writeEnd } = pipe(context);
  const { writer } = writerOn(writeEnd);
  writer.write(LINE);
  assert.equal(readAll(readEnd), `${LINE}\n`);
  assert.equal(writer.backlogBytes, 0);
});

test("keeps the rest of a full pipe, in order and whole, and stays bounded", async (context) => {
  const { readEnd, writeEnd } = pipe(context);
  const { writer, timers, failures } = writerOn(writeEnd);
  let written = 0;
  assert.throws(() => {
    for (;;) {
      writer.write(encodeAnnounce({ prefix: "192.0.2.0/24", nextHop: "self", med: written }));
      written += 1;
    }
  }, /^RangeError: Cannot write line: \d+ bytes are unread already$/);
  assert.ok(
    writer.backlogBytes > BACKLOG_BYTES_MAX - 100 && writer.backlogBytes <= BACKLOG_BYTES_MAX,
  );

  let seen = "";
  while (writer.backlogBytes > 0) {
    seen += readAll(readEnd);
    const before = writer.backlogBytes;
    await timers.advance(5);
    assert.ok(writer.backlogBytes < before);
  }
  seen += readAll(readEnd);
  const expected = Array.from({ length: written }, (_, med) => `${LINE} med ${med}`);
  assert.deepEqual(seen.split("\n").slice(0, -1), expected);
  assert.deepEqual(failures, []);
  assert.equal(timers.pending, 0);
});

test("a line written while the pipe is full waits behind the others", async (context) => {
  const { readEnd, writeEnd } = pipe(context);
  const { writer, timers } = writerOn(writeEnd);
  while (writer.backlogBytes === 0) writer.write(LINE);
  readAll(readEnd);
  // There is room now, but an older half line waits for its timer.
  writer.write(`${LINE} med 7`);
  assert.equal(readAll(readEnd), "");
  await timers.advance(5);
  assert.match(readAll(readEnd), /\nannounce [^\n]* med 7\n$/);
});

test("tells once that the reader is gone, and then writes nothing", (context) => {
  const { readEnd, writeEnd } = pipe(context);
  const { writer, failures } = writerOn(writeEnd);
  closeSync(readEnd);
  writer.write(LINE);
  writer.write(LINE);
  assert.deepEqual(
    failures.map((error) => error.message),
    ["EPIPE: broken pipe, write"],
  );
  assert.equal(writer.backlogBytes, 0);
});

for (const line of [
  "",
  "shutdown",
  `${LINE}\n`,
  `${LINE}\n${LINE}`,
  `${LINE} é`,
  "neighbor 192.0.2.1 announce route",
]) {
  test(`refuses ${JSON.stringify(line)} and writes nothing`, (context) => {
    const { readEnd, writeEnd } = pipe(context);
    const { writer } = writerOn(writeEnd);
    assert.throws(() => writer.write(line), RangeError);
    assert.equal(readAll(readEnd), "");
  });
}

test("a closed writer drops what is not in the pipe", async (context) => {
  const { readEnd, writeEnd } = pipe(context);
  const { writer, timers } = writerOn(writeEnd);
  while (writer.backlogBytes === 0) writer.write(LINE);
  writer.close();
  readAll(readEnd);
  await timers.advance(1000);
  assert.equal(readAll(readEnd), "");
  assert.equal(timers.pending, 0);
});
