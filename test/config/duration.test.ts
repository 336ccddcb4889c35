import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  DURATION_MAX_MS,
  DurationError,
  formatDuration,
  isDuration,
  parseDuration,
} from "../../src/config/duration.ts";

const accepted = [
  ["0s", 0],
  ["1ms", 1],
  ["500ms", 500],
  ["2s", 2000],
  ["5m", 300_000],
  ["1h", 3_600_000],
  ["168h", DURATION_MAX_MS],
  ["007s", 7000],
] as const;

for (const [text, durationMs] of accepted) {
  test(`${text} is ${durationMs} ms`, () => assert.equal(parseDuration(text), durationMs));
}

const refused = [
  "",
  "5",
  "s",
  "-1s",
  "+1s",
  "1.5s",
  "1e3s",
  "5 s",
  " 5s",
  "5s ",
  "5m foo",
  "1m30s",
  "1d",
  "1S",
  "0x1s",
  "169h",
  "999999999h",
  "9999999999ms",
  "١s",
  "5s\n",
  "5s\n5s",
  "Infinityms",
  "NaNs",
];

for (const text of refused) {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(
      () => parseDuration(text),
      (error) => error instanceof DurationError && error.code === "INVALID_DURATION",
    );
    assert.equal(isDuration(text), false);
  });
}

test("bounds are inclusive and named", () => {
  assert.equal(parseDuration("10ms", 10, 20), 10);
  assert.equal(parseDuration("20ms", 10, 20), 20);
  assert.throws(() => parseDuration("9ms", 10, 20), {
    message:
      'Cannot use duration "9ms": must be a duration from 10ms to 20ms, such as 500ms, 2s, 5m or 1h',
    allowed: "a duration from 10ms to 20ms, such as 500ms, 2s, 5m or 1h",
  });
  assert.throws(() => parseDuration("21ms", 10, 20), DurationError);
});

test("any duration written is read as the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: DURATION_MAX_MS }), (durationMs) => {
      assert.equal(parseDuration(formatDuration(durationMs)), durationMs);
    }),
  );
});

test("any text is a duration or refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      if (isDuration(text)) assert.match(text, /^\d+(?:ms|s|m|h)$/);
    }),
  );
});
