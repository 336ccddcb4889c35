// What is told to systemd before the agent is loaded, by a program that writes down what it was given, and hangs.
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { tellWatchdog } from "../../src/daemon/early-start.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { identify, isRunning } from "../lab/process.ts";
import { waitUntil } from "../lab/wait.ts";

it("tells by a program that has nothing of the agent's, and does not outlive its time", async (context) => {
  const folder = temporaryFolder(context);
  const program = join(folder, "notify");
  const file = join(folder, "given");
  writeFileSync(
    program,
    `#!/bin/sh\necho $$ "$@" >'${file}.new'\n/usr/bin/env >>'${file}.new'\n/bin/mv '${file}.new' '${file}'\nexec /bin/sleep 20\n`,
  );
  chmodSync(program, 0o755);
  tellWatchdog(
    { NOTIFY_SOCKET: "/nowhere", exabgp_cli_pipe: "/run/exabgp", A: "b" },
    program,
    2000,
  );
  await waitUntil("the program to have run", () => existsSync(file) || undefined);
  const [said = "", ...environment] = readFileSync(file, "utf8").trim().split("\n");
  assert.match(said, /^\d+ WATCHDOG=1 STATUS=crash-loop/);
  const hanging = identify(Number(said.split(" ")[0]));
  // What a shell adds by itself is not the agent's.
  const given = environment.filter((line) => !/^(?:PWD|OLDPWD|SHLVL|_)=/.test(line));
  assert.deepEqual(given, ["NOTIFY_SOCKET=/nowhere"]);
  await waitUntil(
    "the hanging program to be killed",
    () => hanging === undefined || !isRunning(hanging) || undefined,
  );
});
