/** Prometheus' own judge of metrics and rules. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

/** Fails unless promtool has nothing to say against it. @returns What it printed. */
export function promtool(args: readonly string[], input = ""): string {
  const { status, stdout, stderr, error } = spawnSync("promtool", args, {
    input,
    encoding: "utf8",
  });
  assert.equal(error, undefined);
  assert.equal(status, 0, `promtool ${args.join(" ")}:\n${stdout}${stderr}`);
  return stdout;
}
