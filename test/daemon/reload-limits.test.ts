/** A reload where the host has nothing left to read a file with: refused, and the agent goes on. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";
import { createSite, ScriptedExabgp } from "./scripted-exabgp.ts";

/** Nobody else's: a limit of processes counts all of a user. The kernel does not hold root to it. */
const USER = 54_321;
/** It may read: the repository can be in a folder of root's own. */
const AS_USER =
  process.getuid?.() === 0
    ? [
        ...["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"],
        ...["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"],
      ]
    : [];

it("a signal while no thread can be started does not end the agent", async (t) => {
  const site = await createSite(t);
  execFileSync("chmod", ["-R", "a+rwX", site.folder]);
  const exabgp = new ScriptedExabgp(site, [], { wrap: AS_USER });
  await exabgp.waitForCommands(1);
  const limit = ["prlimit", "--pid", String(exabgp.child.pid), "--nproc=1"];
  const [program = "", ...args] = [...AS_USER, ...limit];
  execFileSync(program, args);
  exabgp.child.kill("SIGHUP");
  const { config } = await exabgp.waitForStatus("the refusal", (s) => !s.config.current);
  assert.match(config.problems[0] ?? "", /cannot start its reader: .*EAGAIN/);
  assert.equal(exabgp.commands.length, 1);
});
