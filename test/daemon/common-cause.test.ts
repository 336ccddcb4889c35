/** What is said when many checks go down together. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fail } from "../../checks/probe.ts";
import { startAgent } from "../../src/core/configure.ts";
import { commonCause, CommonCause, type Fall } from "../../src/daemon/common-cause.ts";
import { planOf } from "./fixtures.ts";

/** `a/x@0 b/x@400!timeout`: the reason is `unreachable` where none is given. */
function falls(text: string): Fall[] {
  return text.split(" ").map((one) => {
    const [, check = "", atMs, reason = "unreachable"] = /^(.*)@(\d+)(?:!(.*))?$/.exec(one) ?? [];
    return { check, atMs: Number(atMs), reason };
  });
}

const CASES: readonly { name: string; falls: string; of: number; says: RegExp | undefined }[] = [
  {
    name: "most of several services",
    falls: "a/x@0 a/y@100 b/x@200 c/x@300!timeout c/y@400",
    of: 6,
    says: /^5 of 6 checks went down within 0\.4 s \(4 unreachable, 1 timeout\): suspect a common cause, such as an interface/,
  },
  { name: "in any order", falls: "c/x@400 a/x@0 b/x@200", of: 3, says: /^3 of 3 .* 0\.4 s/ },
  { name: "all, long after another", falls: "a/x@0 b/x@9000 b/y@9100 c/x@9200", of: 4, says: /^3/ },
  { name: "timeouts", falls: "a/x@0!timeout b/x@0!timeout c/x@1!timeout", of: 3, says: /the CPU/ },
  { name: "a reason of no use", falls: "a/x@0!y b/x@0!y c/x@1!y", of: 3, says: /in common$/ },
  { name: "one service alone", falls: "a/x@0 a/y@0 a/z@0", of: 3, says: undefined },
  { name: "two checks", falls: "a/x@0 b/x@0", of: 2, says: undefined },
  { name: "half of all", falls: "a/x@0 b/x@0 c/x@0", of: 6, says: undefined },
  { name: "one after another", falls: "a/x@0 b/x@3001 c/x@6002", of: 3, says: undefined },
];

describe("commonCause", () => {
  for (const { name, falls: text, of, says } of CASES) {
    test(name, () => {
      const said = commonCause(falls(text), of, 3000);
      if (says === undefined) assert.equal(said, undefined);
      else assert.match(said ?? "nothing", says);
    });
  }
});

test("a suspicion begins with the third check and ends when most are up again", () => {
  const names = ["a", "b", "c", "d"];
  const { state } = startAgent(planOf(...names), new Map(), [], 0);
  const cause = new CommonCause();
  const verdicts = new Map<string, "up" | "down">();
  const change = (name: string, to: "up" | "down", nowMs: number) => {
    const from = verdicts.get(name) ?? "unknown";
    verdicts.set(name, to);
    const result = fail("unreachable", "");
    cause.verdict({ type: "verdict", check: `${name}/port`, from, to, result }, nowMs);
    const checks = state.checks.map((known, at) => ({
      ...known,
      health: { ...known.health, verdict: verdicts.get(names[at] ?? "") ?? ("unknown" as const) },
    }));
    return cause.suspicion({ ...state, checks });
  };
  // What was never up has not gone down.
  for (const name of names) assert.equal(change(name, "down", 0), undefined);
  for (const name of names) assert.equal(change(name, "up", 1000), undefined);
  assert.equal(change("a", "down", 2000), undefined);
  assert.equal(change("b", "down", 2100), undefined);
  assert.match(change("c", "down", 2200) ?? "", /^3 of 4 checks/);
  assert.match(change("d", "down", 60_000) ?? "", /^3 of 4 checks/);
  assert.equal(change("b", "up", 61_000), undefined);
  assert.equal(change("b", "down", 62_000), undefined);
  for (const name of names) change(name, "up", 100_000);
  for (const name of ["a", "b"]) change(name, "down", 101_000);
  assert.match(change("c", "down", 101_000) ?? "", /^3 of 4 checks/);
  // A drain has made it forget.
  verdicts.delete("b");
  assert.equal(change("d", "up", 101_500), undefined);
});
