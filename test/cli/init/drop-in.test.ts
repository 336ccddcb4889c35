// The drop-in for exabgp.service, as systemd and its shell understand it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { temporaryFolder } from "../../checks/temporary.ts";
import { run } from "../fake-io.ts";
import { PACKAGED_DROP_IN } from "../../../src/cli/init/drop-in.ts";
import { REPOSITORY } from "../../lab/repository.ts";
import { FILES, GENERIC, makePlace } from "./fixtures.ts";

async function write(context: TestContext, anyctl: string): Promise<string> {
  const root = temporaryFolder(context);
  const argv = ["init", `--anyctl=${anyctl}`, `--output=${root}`, ...GENERIC];
  assert.equal((await run(argv)).status, 0);
  return join(root, FILES[3]);
}

describe("the drop-in", () => {
  it("is that of the package, with the paths of this PoP", async (context) => {
    const usual = readFileSync(join(REPOSITORY, "systemd/exabgp-anyctl.conf"), "utf8");
    assert.equal(readFileSync(await write(context, "/usr/bin/anyctl"), "utf8"), usual);
    const moved = readFileSync(await write(context, "/opt/anyctl/bin/anyctl"), "utf8");
    assert.equal(moved.replaceAll("/opt/anyctl/bin/anyctl", "/usr/bin/anyctl"), usual);
    assert.doesNotMatch(moved, /\/usr\/bin\/anyctl/);
  });

  it("is not written where the package has brought it, unless paths differ", async (context) => {
    const place = makePlace(context);
    const packaged = join(place.root, PACKAGED_DROP_IN);
    mkdirSync(dirname(packaged), { recursive: true });
    writeFileSync(packaged, "");
    const init = (...argv: string[]) =>
      run(["init", "--anyctl=/usr/bin/anyctl", `--output=${place.root}`, ...argv, ...GENERIC]);
    const { status, out } = await init();
    assert.equal(status, 0);
    assert.doesNotMatch(out, /exabgp\.service\.d/);
    assert.ok(!place.files().includes(FILES[3]));
    assert.equal((await init("--force", "--config=/srv/anyctl.yaml")).status, 0);
    const own = readFileSync(join(place.root, FILES[3]), "utf8");
    assert.match(own, /^RequiresMountsFor=\/srv\/anyctl\.yaml /m);
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
});
