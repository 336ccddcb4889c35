import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { LogStream } from "../../src/daemon/log.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { manualClock } from "./fixtures.ts";

/** A pipe whose reader reads when the test says so. */
function pipe(t: TestContext) {
  const path = join(temporaryFolder(t), "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  t.after(() => closeSync(reader));
  t.after(() => closeSync(writer));
  const read = () => {
    const bytes = Buffer.alloc(1 << 20);
    try {
      return bytes.toString("utf8", 0, readSync(reader, bytes));
    } catch {
      return "";
    }
  };
  return { writer, read };
}

it("a stalled reader of stderr costs bounded memory, no time, and no half line", (t) => {
  const { writer, read } = pipe(t);
  const clock = manualClock();
  const log = new LogStream(writer, clock);
  const line = `${"x".repeat(999)}\n`;
  for (let nth = 0; nth < 1000; nth += 1) log.write(line);
  // 64 KiB are in the pipe and 256 KiB in the backlog; the rest is counted.
  assert.ok(log.dropped > 600 && log.dropped < 700, String(log.dropped));
  let text = "";
  for (let turn = 0; turn < 20; turn += 1) {
    text += read();
    clock.advance(50);
  }
  assert.equal(text, line.repeat(1000 - log.dropped));
  log.write("again\n");
  assert.equal(read(), "again\n");
});

it("a descriptor that cannot be written is no error", () => {
  const readOnly = openSync("/dev/null", "r");
  const log = new LogStream(readOnly, manualClock());
  log.write("nobody\n");
  closeSync(readOnly);
  assert.equal(log.dropped, 1);
});
