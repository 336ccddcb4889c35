/** A reload where the host has nothing left to read a file with: refused, and the agent goes on. Needs root. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { REPOSITORY } from "../lab/repository.ts";
import { createSite, ScriptedExabgp } from "./scripted-exabgp.ts";

/** Nobody else's: a limit of processes counts all of a user. The kernel does not hold root to it. */
const USER = 54_321;
const AS_USER = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];

/** Of a shell in a mount namespace of its own: the repository may be in a folder that only root can enter. */
const VIEW = 'mount --bind "$0" "$1" && shift && exec "$@"';

it("a signal while no thread can be started does not end the agent", async (t) => {
  const site = await createSite(t);
  execFileSync("chmod", ["-R", "a+rwX", site.folder]);
  const view = join(site.folder, "app");
  mkdirSync(view);
  const exabgp = new ScriptedExabgp(site, [], {
    wrap: ["unshare", "--mount", "sh", "-c", VIEW, REPOSITORY, view, ...AS_USER],
    program: join(view, "bin/anyctl"),
  });
  await exabgp.waitForCommands(1);
  const limit = ["prlimit", "--pid", String(exabgp.child.pid), "--nproc=1"];
  const [program = "", ...args] = [...AS_USER, ...limit];
  execFileSync(program, args);
  exabgp.child.kill("SIGHUP");
  const { config } = await exabgp.waitForStatus("the refusal", (s) => !s.config.current);
  assert.match(config.problems[0] ?? "", /cannot start its reader: .*EAGAIN/);
  assert.equal(exabgp.commands.length, 1);
});
