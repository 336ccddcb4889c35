/**
 * A program: runs one `exec` check and prints its result.
 *
 * `run`: as it is. `exit`: ends at SIGTERM, in the middle of it. `descriptors`: has none left. `processes`: is
 * a user that may start none.
 */
import { spawnSync } from "node:child_process";
import { openSync, writeSync } from "node:fs";
import { runCheck } from "./probing.ts";

/** Nobody else is this user. */
const LONE_UID = 64_321;

const [, , how = "run", script = ""] = process.argv;

// All that the check needs is loaded: a lone user may not read the repository.
await runCheck({ type: "exec", command: ["/bin/true"] });
if (how === "exit") process.on("SIGTERM", () => process.exit(0));
if (how === "processes") {
  const limits = ["--nproc=1:1", "--pid", String(process.pid)];
  if (spawnSync("prlimit", limits).status !== 0) throw new Error("Cannot limit processes");
  process.setuid?.(LONE_UID);
}
if (how === "descriptors") {
  try {
    for (;;) openSync("/dev/null", "r");
  } catch {
    await report();
  }
} else {
  await report();
}

async function report(): Promise<void> {
  const { result } = await runCheck({ type: "exec", command: ["/bin/sh", "-c", script] });
  writeSync(1, `${result.outcome} ${result.reason}: ${result.detail}\n`);
}
