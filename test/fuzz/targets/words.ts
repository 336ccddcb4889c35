/** The command line: words into a command, durations and times into moments. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { isDuration, parseDuration } from "../../../src/config/duration.ts";
import { readCommandLine } from "../../../src/cli/command-line.ts";
import { CommandError } from "../../../src/cli/exit.ts";
import { readTime, writeTime } from "../../../src/cli/local-time.ts";
import { sinceOf } from "../../../src/cli/since.ts";
import { parseDate } from "../../../src/daemon/order-times.ts";
import { waitingTarget } from "../target.ts";
import { babble, mutated, nasty } from "../texts.ts";

const NOW_MS = Date.UTC(2026, 2, 28, 12);
const WEEK_MS = 7 * 24 * 3_600_000;

const COMMANDS =
  "agent|status|drain|undrain|pin|unpin|why|check|audit|config|config check|config show|config diff|config schema|reload|doctor|init|simulate|version|completion".split(
    "|",
  );
const WORDS =
  "--all|--reason|--for|--until|--graceful|--transient|--wait|--timeout|--json|--watch|--force|--since|--follow|--config|--service|--results|--canary|--clear-hold|--help|-h|--version|--|-|-x|--no-wait|--all=no|--json=true|--wait=|--reason=x|true|false|dns|dns/web|_all|192.0.2.0/24|2h|5m|SSFFF|bash|/dev/null|x y".split(
    "|",
  );
const argument = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: nasty },
);
const argv = fc
  .tuple(
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...COMMANDS) },
      { weight: 1, arbitrary: nasty },
    ),
    fc.array(argument, { maxLength: 5 }),
  )
  .map(([command, rest]) => [...command.split(" "), ...rest]);
const right =
  "1s|500ms|5m|24h|0ms|169h|2026-03-28T23:00:00Z|2026-03-28 23:00:00+01:00|2026-03-28 23:00|23:00|2026-02-30T00:00:00Z|0000-01-01T00:00:00Z|9999-12-31T23:59:59.999Z|2026-03-29 02:30|2026-10-25 02:30".split(
    "|",
  );
const time = fc.oneof(
  mutated(
    fc.constantFrom(...right),
    fc.oneof(nasty, fc.constantFrom("0", "9", "-", "+", ":", "T", "Z", " ", ".", "s")),
  ),
  babble("0|1|9|24|60|2026|-|:|T|Z|+|.|ms|s|m|h| ".split("|"), 14),
);

export const WORDS_TARGET = waitingTarget(
  "words",
  "any arguments are a command or a refusal of usage; a duration or time is exactly what it says",
  () => {
    const reached = { run: 0, help: 0, usage: 0, duration: 0, time: 0, nonsense: 0 };
    return {
      reached,
      input: fc.oneof(
        { weight: 1, arbitrary: fc.record({ argv }) },
        { weight: 3, arbitrary: fc.record({ time }) },
      ),
      async attempt(input) {
        if ("time" in input) {
          reached[timeOf(input.time)] += 1;
          return;
        }
        try {
          reached[(await readCommandLine(input.argv)).type] += 1;
        } catch (error) {
          assert.ok(
            error instanceof CommandError,
            error instanceof Error ? error.stack : String(error),
          );
          assert.equal(error.code, "usage");
          assert.ok(error.message.length < 20_000, `${error.message.length} characters`);
          reached.usage += 1;
        }
      },
    };
  },
);

function timeOf(text: string): "duration" | "time" | "nonsense" {
  const isoMs = parseDate(text);
  if (isoMs !== undefined) assert.equal(readTime(text, NOW_MS), isoMs);
  if (isDuration(text)) {
    const ms = parseDuration(text);
    assert.ok(Number.isInteger(ms) && ms >= 0 && ms <= WEEK_MS, String(ms));
    assert.match(text, /^[0-9]+(?:ms|s|m|h)$/);
    assert.equal(sinceOf(text, NOW_MS), NOW_MS - ms);
    return "duration";
  }
  const ms = readTime(text, NOW_MS);
  if (typeof ms !== "number") {
    assert.ok(["nonsense", "skipped", "twice"].includes(ms));
    return "nonsense";
  }
  assert.ok(Number.isInteger(ms), String(ms));
  assert.match(text, /^[0-9]{2,4}[0-9 :.TtZz+-]+$/);
  assert.equal(readTime(writeTime(ms), NOW_MS), Math.floor(ms / 1000) * 1000, text);
  return "time";
}
