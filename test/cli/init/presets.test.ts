// The files of every preset, judged by those who will read them.
import assert from "node:assert/strict";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { groupId } from "../../../src/cli/accounts.ts";
import { PRESETS } from "../../../src/cli/init/presets.ts";
import { temporaryFolder } from "../../checks/temporary.ts";
import { tryCommand } from "../../lab/command.ts";
import { exabgpProgram } from "../../lab/exabgp-program.ts";
import { baseEnvironment } from "../../lab/namespace.ts";
import { run, UID } from "../fake-io.ts";
import { FILES, GENERIC, makePlace, writePassword } from "./fixtures.ts";

/** What of `GENERIC` is the preset's own business. */
const BY_PRESET = /^--peer/;

/** Presets that have no IPv6. */
const FAMILIES: Readonly<Record<string, RegExp>> = { phoenixnap: /=2001:/ };

/** Every sign that ExaBGP's parser could take for its own. */
const PASSWORD = "a;b}c{d#e[f]g(h),i=j k%s$0@A@!";

describe("init --preset", () => {
  for (const { name, md5, peers, peerAs, multihop } of PRESETS) {
    it(`${name} writes files that ExaBGP and anyctl find valid`, async (context) => {
      const place = makePlace(context);
      const own = name === "generic" ? GENERIC : GENERIC.filter((flag) => !BY_PRESET.test(flag));
      const flags = own.filter((flag) => FAMILIES[name]?.test(flag) !== true);
      const secret = md5 ? [`--md5-password-file=${writePassword(context, `${PASSWORD}\n`)}`] : [];
      const { status, err } = await place.init([`--preset=${name}`, ...flags, ...secret]);
      assert.deepEqual([status, err], [0, ""]);
      assert.deepEqual(place.files(), FILES);

      const config = join(place.root, FILES[0]);
      const checked = await run(["config", "check", config]);
      assert.deepEqual([checked.status, checked.err], [0, ""]);

      const conf = join(place.root, FILES[1]);
      const text = readFileSync(conf, "utf8");
      const [program = "", ...argv] = (await exabgpProgram()).validate(conf);
      const env = { ...baseEnvironment(), "exabgp.log.destination": "stdout" };
      const judged = await tryCommand(program, argv, { env });
      assert.equal(judged.status, 0, judged.stdout + judged.stderr);
      assert.doesNotMatch(judged.stdout + judged.stderr, /syntax error|not valid/);
      for (const peer of peers) assert.match(text, new RegExp(`^neighbor ${peer} \\{$`, "m"));
      if (peerAs !== undefined) assert.match(text, new RegExp(`^  peer-as ${peerAs};$`, "m"));
      assert.equal(
        /outgoing-ttl (\d+)/.exec(text)?.[1],
        multihop > 1 ? String(multihop) : undefined,
      );
      assert.equal(text.includes(`md5-password "${PASSWORD}"; md5-base64 false;`), md5);
      // Of the fields, not of comments.
      assert.doesNotMatch(
        text.replaceAll(/^ *#.*$/gm, "").replaceAll(PASSWORD, ""),
        /@|#\?|20473:6000/,
      );
    });
  }

  it("lists what is known of each, also for programs", async () => {
    const { status, out } = await run(["init", "--list-presets"]);
    assert.equal(status, 0);
    for (const { name } of PRESETS) assert.match(out, new RegExp(`^${name} `, "m"));
    const { out: json } = await run(["init", "--list-presets", "--json"]);
    assert.deepEqual(JSON.parse(json), PRESETS);
  });

  it("leaves out the peers of a family without a prefix", async (context) => {
    const place = makePlace(context);
    const flags = GENERIC.filter((flag) => !/^--peer|=2001:/.test(flag));
    const { status } = await place.init(["--preset=buyvm", ...flags]);
    assert.equal(status, 0);
    const text = readFileSync(join(place.root, FILES[1]), "utf8");
    assert.deepEqual(text.match(/^neighbor .*$/gm), ["neighbor 169.254.169.179 {"]);
  });
});

it("exabgp.conf is for root and ExaBGP's group only, whatever the umask", async (context) => {
  const place = makePlace(context);
  const before = process.umask(0);
  context.after(() => process.umask(before));
  assert.equal((await place.init(GENERIC)).status, 0);
  process.umask(before);
  const { mode, gid } = statSync(join(place.root, FILES[1]));
  assert.equal(mode & 0o7777, 0o640);
  const group = groupId("exabgp");
  if (UID === 0 && group !== undefined) assert.equal(gid, group);
  for (const name of [FILES[0], FILES[2], FILES[3]]) {
    assert.equal(statSync(join(place.root, name)).mode & 0o7777, 0o644);
  }
});

it("folders that it makes can be entered, whatever the umask", async (context) => {
  const place = makePlace(context);
  const before = process.umask(0o077);
  context.after(() => process.umask(before));
  assert.equal((await place.init(GENERIC)).status, 0);
  assert.equal(statSync(join(place.root, "etc/exabgp")).mode & 0o7777, 0o755);
  assert.equal(statSync(join(place.root, FILES[0])).mode & 0o7777, 0o644);
});

describe("ExaBGP's own check", () => {
  it("is made before anything is written, by the ExaBGP of PATH", async (context) => {
    const place = makePlace(context);
    const { status, out } = await place.init(GENERIC, { env: { PATH: "/usr/sbin" } });
    assert.equal(status, 0);
    assert.match(out, /^Note: ExaBGP [\d.]+ finds exabgp\.conf valid$/m);
  });

  it("refuses: nothing is written, and the password is not told", async (context) => {
    const place = makePlace(context);
    const folder = temporaryFolder(context);
    const program = join(folder, "exabgp");
    // `--version` first, then the file.
    writeFileSync(
      program,
      '#!/bin/sh\n[ "$1" = --version ] && echo "ExaBGP : 4.2.21" && exit\ngrep md5 "$2"; echo "line 3: no"; exit 1\n',
    );
    chmodSync(program, 0o755);
    const password = writePassword(context, "tops3cret");
    const argv = [...GENERIC, `--md5-password-file=${password}`];
    const { status, out, err } = await place.init(argv, { env: { PATH: folder } });
    assert.deepEqual([status, out], [1, ""]);
    assert.match(err, /^anyctl: ExaBGP 4\.2\.21 refuses the exabgp\.conf: nothing was written\n/);
    assert.match(err, /^ {2}line 3: no$/m);
    assert.doesNotMatch(err, /tops3cret/);
    assert.deepEqual(place.files(), []);
  });
});
