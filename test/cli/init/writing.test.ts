// All files or none; what was there is kept.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { writeFiles } from "../../../src/cli/init/write-files.ts";
import { CommandError } from "../../../src/cli/exit.ts";
import { temporaryFolder } from "../../checks/temporary.ts";
import { FILES, GENERIC, makePlace, writePassword } from "./fixtures.ts";

const CONF = FILES[1];

describe("anyctl init --force", () => {
  it("keeps each old file, with its mode, under a name that is free", async (context) => {
    const place = makePlace(context);
    const conf = join(place.root, CONF);
    mkdirSync(dirname(conf), { recursive: true });
    for (const text of ["first", "second"]) {
      writeFileSync(conf, text);
      chmodSync(conf, 0o600);
      const { status, out } = await place.init([...GENERIC, "--force"]);
      assert.equal(status, 0);
      assert.match(out, new RegExp(`^Kept: ${conf}\\.bak`, "m"));
    }
    assert.equal(readFileSync(`${conf}.bak`, "utf8"), "first");
    assert.equal(readFileSync(`${conf}.bak2`, "utf8"), "second");
    assert.equal(statSync(`${conf}.bak`).mode & 0o777, 0o600);
    assert.match(readFileSync(conf, "utf8"), /^# Written by/);
  });
});

describe("anyctl init --dry-run", () => {
  it("prints every file with its path and mode, and writes nothing", async (context) => {
    const place = makePlace(context);
    const { status, out } = await place.init([...GENERIC, "--dry-run"]);
    assert.equal(status, 0);
    assert.deepEqual(out.match(/^==> .* <==$/gm), [
      "==> /etc/anyctl/anyctl.yaml (mode 0644, root:root) <==",
      "==> /etc/exabgp/exabgp.conf (mode 0640, root:exabgp) <==",
      "==> /etc/exabgp/exabgp.env (mode 0644, root:root) <==",
      "==> /etc/systemd/system/exabgp.service.d/anyctl.conf (mode 0644, root:root) <==",
    ]);
    assert.deepEqual(readdirSync(place.root), []);
  });

  it("prints what would be written, but for the password", async (context) => {
    const place = makePlace(context);
    const secret = `--md5-password-file=${writePassword(context, "tops3cret")}`;
    const { out } = await place.init([...GENERIC, secret, "--dry-run", "--json"]);
    const { files }: { files: { path: string; mode: string; text: string }[] } = JSON.parse(out);
    assert.doesNotMatch(out, /tops3cret/);
    assert.equal((await place.init([...GENERIC, secret])).status, 0);
    for (const { path, mode, text } of files) {
      const written = join(place.root, path);
      assert.equal(readFileSync(written, "utf8").replaceAll("tops3cret", "***"), text);
      assert.equal(`0${(statSync(written).mode & 0o777).toString(8)}`, mode);
    }
  });

  it("does not mind files that are there", async (context) => {
    const place = makePlace(context);
    await place.init(GENERIC);
    assert.equal((await place.init([...GENERIC, "--dry-run"])).status, 0);
  });
});

it("the password is in exabgp.conf, and in no word of the command", async (context) => {
  const place = makePlace(context);
  const secret = `--md5-password-file=${writePassword(context, "tops3cret")}`;
  const { out, err } = await place.init([...GENERIC, secret]);
  assert.doesNotMatch(out + err, /tops3cret/);
  const holders = place
    .files()
    .filter((name) => readFileSync(join(place.root, name), "utf8").includes("tops3cret"));
  assert.deepEqual(holders, [CONF]);
});

describe("when a file cannot be written", () => {
  const files = (root: string) =>
    ["a/one", "b/two"].map((name) => ({
      path: join(root, name),
      mode: 0o644,
      gid: undefined,
      text: `new ${name}`,
    }));

  function refused(context: TestContext, mayReplace: boolean, prepare: (root: string) => void) {
    const root = temporaryFolder(context);
    prepare(root);
    const before = snapshot(root);
    assert.throws(
      () => writeFiles(files(root), mayReplace),
      (error: unknown) => {
        assert.ok(error instanceof CommandError);
        assert.equal(error.code, "refused");
        assert.match(error.message, /nothing was written$/);
        return true;
      },
    );
    assert.deepEqual(snapshot(root), before);
  }

  it("nothing of the others stays, nor a folder that was made", (context) => {
    // A file where the second one's folder would be.
    refused(context, false, (root) => writeFileSync(join(root, "b"), ""));
  });

  it("one that has come meanwhile stays, and the others go", (context) => {
    refused(context, false, (root) => {
      mkdirSync(join(root, "b"));
      writeFileSync(join(root, "b/two"), "mine");
    });
  });

  it("what was replaced already is back", (context) => {
    refused(context, true, (root) => {
      mkdirSync(join(root, "a"));
      writeFileSync(join(root, "a/one"), "mine");
      // It cannot be replaced: a folder has no second name.
      mkdirSync(join(root, "b/two"), { recursive: true });
    });
  });

  function snapshot(root: string): Record<string, string> {
    const names = readdirSync(root, { recursive: true, encoding: "utf8" }).toSorted();
    return Object.fromEntries(
      names.map((name) => {
        const path = join(root, name);
        return [name, statSync(path).isFile() ? readFileSync(path, "utf8") : "folder"];
      }),
    );
  }
});
