// The drop-in for exabgp.service, as systemd understands it together with the units of Debian.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { temporaryFolder } from "../checks/temporary.ts";
import { REPOSITORY } from "../lab/repository.ts";

const DROP_IN = join(REPOSITORY, "systemd/exabgp-anyctl.conf");

/** Debian's own: of this host, and those that scripts/exabgp-of has fetched. */
const UNITS: Readonly<Record<string, string>> = {
  installed: "/usr/lib/systemd/system/exabgp.service",
  trixie: join(REPOSITORY, ".cache/exabgp/trixie/usr/lib/systemd/system/exabgp.service"),
  sid: join(REPOSITORY, ".cache/exabgp/sid/usr/lib/systemd/system/exabgp.service"),
};

/** What `systemd-analyze security` may say at most, in tenths. */
const EXPOSURE_MAX = 20;

/** A folder with the unit and the drop-in beside it. */
function place(context: TestContext, unit: string, text: string): string {
  const folder = temporaryFolder(context);
  copyFileSync(unit, join(folder, "exabgp.service"));
  mkdirSync(join(folder, "exabgp.service.d"));
  // The program need not be there for this.
  const runnable = text.replaceAll("/usr/bin/anyctl", "/bin/true");
  writeFileSync(join(folder, "exabgp.service.d/anyctl.conf"), runnable);
  return folder;
}

function analyze(folder: string, ...args: readonly string[]) {
  const { status, stdout, stderr, error } = spawnSync("systemd-analyze", args, {
    encoding: "utf8",
    // The colon at the end: and the system's own units.
    env: { PATH: process.env["PATH"], SYSTEMD_UNIT_PATH: `${folder}:` },
  });
  assert.equal(error, undefined);
  return { status, said: stdout + stderr };
}

/** What systemd does not understand. */
function complaints(context: TestContext, unit: string, text: string): string {
  const folder = place(context, unit, text);
  const { said } = analyze(folder, "verify", "--man=no", join(folder, "exabgp.service"));
  return said
    .split("\n")
    .filter((line) => line.includes(folder))
    .join("\n");
}

/** Whether the exposure is low enough, and what it is. */
function exposure(context: TestContext, unit: string, text: string) {
  const folder = place(context, unit, text);
  const options = ["--offline=true", `--threshold=${EXPOSURE_MAX}`, "--no-pager"];
  const { status, said } = analyze(folder, "security", ...options, join(folder, "exabgp.service"));
  return { isLow: status === 0, said: said.trim().split("\n").at(-1) ?? "" };
}

describe("the drop-in", () => {
  const text = readFileSync(DROP_IN, "utf8");
  for (const [name, unit] of Object.entries(UNITS)) {
    const skip = existsSync(unit) ? false : `there is no ${unit}`;

    it(`has nothing that systemd does not understand (${name})`, { skip }, (context) => {
      assert.equal(complaints(context, unit, text), "");
      const wrong = text.replace("ReadWritePaths=", "WritePaths=");
      assert.match(complaints(context, unit, wrong), /WritePaths/, "else nothing is looked at");
    });

    it(`leaves an exposure of at most 2.0 (${name})`, { skip }, (context) => {
      const { isLow, said } = exposure(context, unit, text);
      assert.ok(isLow, said);
      const open = text.replaceAll(/^SystemCallFilter=.*$/gm, "");
      assert.ok(!exposure(context, unit, open).isLow, "else nothing is looked at");
    });
  }

  it("says the exposure that it has", (context) => {
    const unit = Object.values(UNITS).find(existsSync);
    if (unit === undefined) return context.skip("there is no unit of ExaBGP here");
    const [, said] =
      /level for exabgp\.service: (\d\.\d)/.exec(exposure(context, unit, text).said) ?? [];
    const [, told] = /security exabgp\.service` says (\d\.\d) of 10/.exec(text) ?? [];
    assert.equal(told, said);
  });

  it("leaves the folders to tmpfiles", () => {
    // Comments tell of them.
    const lines = text.split("\n").filter((line) => !line.startsWith("#"));
    const names = new Set(lines.map((line) => line.split("=")[0]));
    // They would give the folders to ExaBGP's group at each start, and with them what operators may do.
    for (const name of ["RuntimeDirectory", "StateDirectory"]) assert.ok(!names.has(name));
  });
});
