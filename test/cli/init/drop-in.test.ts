// The drop-in for exabgp.service, as systemd and its shell understand it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { temporaryFolder } from "../../checks/temporary.ts";
import { run } from "../fake-io.ts";
import { FILES, GENERIC } from "./fixtures.ts";

/** Debian's own. */
const UNIT = "/usr/lib/systemd/system/exabgp.service";

async function write(context: TestContext, anyctl: string): Promise<string> {
  const root = temporaryFolder(context);
  const argv = ["init", `--anyctl=${anyctl}`, `--output=${root}`, ...GENERIC];
  assert.equal((await run(argv)).status, 0);
  return join(root, FILES[3]);
}

function verify(context: TestContext, dropIn: string): string {
  const folder = temporaryFolder(context);
  copyFileSync(UNIT, join(folder, "exabgp.service"));
  mkdirSync(join(folder, "exabgp.service.d"));
  copyFileSync(dropIn, join(folder, "exabgp.service.d/anyctl.conf"));
  const { stdout, stderr, error } = spawnSync(
    "systemd-analyze",
    ["verify", "--man=no", join(folder, "exabgp.service")],
    // The colon at the end: and the system's own units.
    { encoding: "utf8", env: { PATH: process.env["PATH"], SYSTEMD_UNIT_PATH: `${folder}:` } },
  );
  assert.equal(error, undefined);
  return (stdout + stderr)
    .split("\n")
    .filter((line) => line.includes(folder))
    .join("\n");
}

describe("the drop-in", () => {
  it("has nothing that systemd does not understand", async (context) => {
    if (!existsSync(UNIT)) return context.skip("there is no Debian unit of ExaBGP here");
    const file = await write(context, "/bin/true");
    assert.equal(verify(context, file), "");
    writeFileSync(file, readFileSync(file, "utf8").replace("StateDirectory=", "StateFolder="));
    assert.match(verify(context, file), /StateFolder/, "else nothing is looked at");
  });

  it("drains when systemd stops ExaBGP, and not when ExaBGP has died", async (context) => {
    const folder = temporaryFolder(context);
    const program = join(folder, "anyctl");
    writeFileSync(program, '#!/bin/sh\nfor word; do echo "<$word>"; done\n');
    chmodSync(program, 0o755);
    const text = readFileSync(await write(context, program), "utf8");
    // systemd's own quotes are the shell's here, and its `$$` is a dollar sign.
    const [, command = ""] = /^ExecStop=-(.*)$/m.exec(text) ?? [];
    const stop = (env: Record<string, string>) =>
      spawnSync("/bin/sh", ["-c", `exec ${command.replaceAll("$$", "$")}`], {
        encoding: "utf8",
        env: { PATH: "/usr/bin:/bin", ...env },
      });
    const { status, stdout } = stop({ MAINPID: "17" });
    assert.equal(status, 0);
    assert.deepEqual(stdout.trim().split("\n"), [
      "<drain>",
      "<--config>",
      "</etc/anyctl/anyctl.yaml>",
      "<--all>",
      "<--reason>",
      "<systemd stops ExaBGP>",
      "<--transient>",
      "<--wait>",
    ]);
    assert.deepEqual([stop({}).status, stop({}).stdout], [0, ""]);
  });

  it("has no watchdog: the agent does not answer one", async (context) => {
    assert.doesNotMatch(readFileSync(await write(context, "/bin/true"), "utf8"), /Watchdog/i);
  });
});
