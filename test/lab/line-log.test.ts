import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { followFile, type LineLog } from "./line-log.ts";

async function withLog(run: (log: LineLog, file: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "anyctl-line-log-"));
  const file = join(folder, "a.log");
  writeFileSync(file, "first\n");
  const log = followFile(file);
  try {
    await run(log, file);
  } finally {
    log.close();
    rmSync(folder, { recursive: true });
  }
}

const numberOf = (line: string): number | undefined =>
  /^\d+$/.test(line) ? Number(line) : undefined;

test("a line counts when it is complete, also when it comes in pieces and bytes", () =>
  withLog((log, file) => {
    const euro = Buffer.from("€\n");
    appendFileSync(file, Buffer.concat([Buffer.from("sec"), euro.subarray(0, 1)]));
    assert.deepEqual(log.lines(), ["first"]);
    appendFileSync(file, euro.subarray(1));
    assert.deepEqual(log.lines(), ["first", "sec€"]);
  }));

test("a wait is answered by a line that was there, and by one that comes", () =>
  withLog(async (log, file) => {
    const there = await log.waitFor("the first line", (line) => line);
    assert.equal(there, "first");
    const coming = log.waitFor("a number", numberOf);
    appendFileSync(file, "word\n42\n43\n");
    assert.equal(await coming, 42);
    assert.equal(await log.waitFor("a later number", numberOf, { from: 3 }), 43);
  }));

test("a wait for a line that does not come ends with what and where", () =>
  withLog(async (log, file) => {
    const wait = log.waitFor("a number", numberOf, { deadlineMs: 20 });
    await assert.rejects(wait, {
      code: "ERR_LAB_TIMEOUT",
      message: `Timed out after 20 ms waiting for a number (${file})`,
    });
  }));
