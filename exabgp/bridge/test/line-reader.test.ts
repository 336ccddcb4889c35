import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LINE_LENGTH_MAX, LineReader } from "../src/index.ts";

function read(chunks: readonly Buffer[]): { lines: string[]; dropped: number } {
  const lines: string[] = [];
  let dropped = 0;
  const reader = new LineReader({
    line: (text) => void lines.push(text),
    dropped: () => void (dropped += 1),
  });
  for (const chunk of chunks) reader.push(chunk);
  return { lines, dropped };
}

test("lines are the same however the bytes are cut, also inside a character", () => {
  const texts = fc.array(fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", "")));
  fc.assert(
    fc.property(
      texts,
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      (lines, sizes) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(read(chunks), read([bytes]));
        assert.deepEqual(read(chunks).lines, bytes.toString().split("\n").slice(0, -1));
      },
    ),
    { numRuns: 500 },
  );
});

test("a line that is too long is dropped once, and the next line is whole", () => {
  const long = Buffer.alloc(LINE_LENGTH_MAX + 1, "x");
  const { lines, dropped } = read([Buffer.from("a\n"), long, long, Buffer.from("tail\nb\n")]);
  assert.deepEqual({ lines, dropped }, { lines: ["a", "b"], dropped: 1 });
});

test("the longest allowed line is kept", () => {
  const { lines, dropped } = read([Buffer.alloc(LINE_LENGTH_MAX, "x"), Buffer.from("\n")]);
  assert.deepEqual([lines[0]?.length, dropped], [LINE_LENGTH_MAX, 0]);
});

test("two long lines are two", () => {
  const long = Buffer.concat([Buffer.alloc(LINE_LENGTH_MAX + 1, "x"), Buffer.from("\n")]);
  assert.equal(read([long, long]).dropped, 2);
});

test("bytes that are no UTF-8 do not stop it", () => {
  assert.deepEqual(read([Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from("done\n")]).lines[1], "done");
});
