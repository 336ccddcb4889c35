/** The image of the machines: made once, whole or not at all. Needs root; fetches nothing. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type CommandResult, tryCommand } from "../lab/command.ts";
import { REPOSITORY } from "../lab/repository.ts";

/** Instead of debootstrap: counts its calls, and makes what looks like a Debian in the folder before the last argument. */
const FAKE = `#!/bin/sh
folder=$(dirname "$0"); echo call >>"$folder/calls"
while [ $# -gt 2 ]; do shift; done
mkdir -p "$1/etc" "$1/var/lib/dbus"; echo host >"$1/etc/hostname"
test ! -e "$folder/fails" || { echo "E: the mirror is empty"; exit 1; }
test ! -e "$folder/hangs" || sleep 60
touch "$1/etc/one" "$1/etc/two"
`;

describe("the image of a machine", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "anyctl-image-"));
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin/debootstrap"), FAKE);
    chmodSync(join(folder, "bin/debootstrap"), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function make(env: Record<string, string> = {}): Promise<CommandResult> {
    return tryCommand(join(REPOSITORY, "scripts/machine-image"), [], {
      env: {
        PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
        MACHINE_CACHE: join(folder, "cache"),
        MACHINE_MIRROR: "http://mirror.invalid/debian",
        ...env,
      },
    });
  }
  const calls = async (): Promise<number> =>
    (await tryCommand("cat", [join(folder, "bin/calls")])).stdout.split("\n").length - 1;
  const cached = (): string[] => readdirSync(join(folder, "cache")).toSorted();

  test("is made once, also by two at once, and has no name and no id", async () => {
    const [one, two] = await Promise.all([make(), make()]);
    assert.equal(one.status, 0, one.stderr);
    assert.equal(two.stdout, one.stdout);
    const root = one.stdout.trim();
    assert.equal((await make()).stdout.trim(), root);
    assert.equal(await calls(), 1);
    assert.deepEqual(readdirSync(join(root, "etc")), ["machine-id", "one", "two"]);
  });

  test("is made anew when somebody has deleted a part of it", async () => {
    const root = (await make()).stdout.trim();
    rmSync(join(root, "etc/two"));
    assert.equal((await make()).stdout.trim(), root);
    assert.ok(existsSync(join(root, "etc/two")));
    assert.equal(await calls(), 2);
  });

  test("is not there when it could not be made, and one sentence says why", async () => {
    writeFileSync(join(folder, "bin/fails"), "");
    const { status, stdout, stderr } = await make();
    assert.deepEqual({ status, stdout }, { status: 1, stdout: "" });
    assert.match(stderr, /^machine-image: Cannot fetch Debian bookworm: E: the mirror is empty$/m);
    assert.deepEqual(cached(), [".lock"]);
    rmSync(join(folder, "bin/fails"));
    assert.equal((await make()).status, 0);
  });

  test("gives up on a mirror that trickles", async () => {
    writeFileSync(join(folder, "bin/hangs"), "");
    const { status, stderr } = await make({ MACHINE_PATIENCE_S: "1" });
    assert.equal(status, 1);
    assert.match(stderr, /E: no end after 1 s, with http:\/\/mirror\.invalid\/debian/);
    assert.deepEqual(cached(), [".lock"]);
  });
});
