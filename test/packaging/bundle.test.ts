/** The bundle that the .deb carries does what `dist` does, and goes on when an upgrade has taken its files away. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type Bundle, writeBundle } from "../../packaging/bundle.ts";
import { copyrightText } from "../../packaging/notices.ts";
import { ANYCTL, createSite, ScriptedExabgp, webConfig } from "../daemon/scripted-exabgp.ts";
import { REPOSITORY } from "../lab/repository.ts";

const INIT =
  "init --prefix 203.0.113.0/24 --scope local --check http://127.0.0.1/ --local-as 64496 --peer 192.0.2.9 --peer-as 64500 --local-address 192.0.2.1 --anyctl /usr/bin/anyctl --dry-run --json";

describe("the bundle", () => {
  let folder: string;
  let program: string;
  let bundle: Bundle;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "anyctl-bundle-"));
    bundle = await writeBundle(REPOSITORY, folder);
    program = join(folder, "bin/anyctl");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const words of ["version", "--help", "drain --help", "config schema", "drain --fro", INIT]) {
    it(`answers as dist does: anyctl ${words.slice(0, 40)}`, () => {
      const ask = (file: string) => {
        const { status, stdout, stderr } = spawnSync(file, words.split(" "), { encoding: "utf8" });
        return { status, stdout, stderr };
      };
      const answer = ask(program);
      assert.deepEqual(answer, ask(ANYCTL));
      assert.notEqual(answer.stdout + answer.stderr, "");
    });
  }

  it("has every thread of the agent in a file of its own", () => {
    const threads = readdirSync(join(REPOSITORY, "src/daemon")).filter((name) =>
      name.endsWith("-worker.ts"),
    );
    const bundled = readdirSync(join(folder, "dist/src/daemon"));
    assert.deepEqual(
      bundled.map((name) => name.replace(/\.c?js$/, ".ts")).toSorted(),
      [...threads, "crash-loop.ts", "early-start.ts", "main.ts"].toSorted(),
    );
  });

  it("counts a start once, whoever asks: what counts is in one file", () => {
    for (const name of ["early-start.js", "main.js"]) {
      const text = readFileSync(join(folder, "dist/src/daemon", name), "utf8");
      assert.match(text, /from"\.\/crash-loop\.js"/, name);
    }
  });

  it("knows whose work is in it, and has their terms", () => {
    assert.ok(bundle.packages.includes("node_modules/got"), String(bundle.packages));
    const node = { version: "20.0.0", licensePath: join(REPOSITORY, "LICENSE") };
    const text = copyrightText(REPOSITORY, bundle.packages, node);
    const { version }: { version?: unknown } = Object(
      JSON.parse(readFileSync(join(REPOSITORY, "node_modules/got/package.json"), "utf8")),
    );
    assert.ok(text.includes(`got ${String(version)} (MIT)`));
    assert.ok(text.includes("Copyright (c) Sindre Sorhus"));
  });

  it("has its dead-man's switch", async (t) => {
    const site = await createSite(t);
    const blocker = fileURLToPath(new URL("../daemon/block-loop.js", import.meta.url));
    const env = { NODE_OPTIONS: `--import=${blocker}`, BLOCK_MS: "60000" };
    const exabgp = new ScriptedExabgp(site, [], { program, env });
    await exabgp.waitForCommands(1);
    await exabgp.waitForStatus("the route", ({ services }) =>
      services.every(({ routes }) => routes.every(({ answer }) => answer === "done")),
    );
    exabgp.child.kill("SIGUSR2");
    assert.equal((await exabgp.waitForCommands(2))[1], "withdraw route 192.0.2.0/24 next-hop self");
    assert.equal((await exabgp.exit()).status, "SIGKILL");
  });

  it("has it also when its thread has ended and its files are gone", async (t) => {
    const site = await createSite(t);
    const blocker = fileURLToPath(new URL("../daemon/block-loop.js", import.meta.url));
    const env = { NODE_OPTIONS: `--import=${blocker}`, BLOCK_MS: "60000" };
    const exabgp = new ScriptedExabgp(site, [], { program, env });
    await exabgp.waitForCommands(1);
    await exabgp.waitForStatus("the route", ({ services }) =>
      services.every(({ routes }) => routes.every(({ answer }) => answer === "done")),
    );
    const aside = `${folder}-aside`;
    renameSync(folder, aside);
    t.after(() => renameSync(aside, folder));
    exabgp.child.kill("SIGWINCH");
    assert.equal((await exabgp.waitForCommands(2))[1], "withdraw route 192.0.2.0/24 next-hop self");
    assert.equal((await exabgp.exit()).status, "SIGKILL");
    assert.match(exabgp.stderr, /dead-man's switch ended/);
  });

  it("announces, and reloads by what it has read when its files are gone", async (t) => {
    const site = await createSite(t);
    const exabgp = new ScriptedExabgp(site, [], { program });
    await exabgp.waitForCommands(1);
    // Loads what no check needed before.
    const web = createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1");
    t.after(() => web.close());
    await once(web, "listening");
    const address = web.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const aside = `${folder}-aside`;
    renameSync(folder, aside);
    t.after(() => renameSync(aside, folder));
    site.writeConfig(`${webConfig(site.port)}  site:
    prefixes: [198.51.100.0/24]
    scope: local
    checks: { page: { type: http, url: "http://127.0.0.1:${port}/" } }
`);
    exabgp.child.kill("SIGHUP");
    assert.deepEqual(await exabgp.waitForCommands(2), [
      "announce route 192.0.2.0/24 next-hop self",
      "announce route 198.51.100.0/24 next-hop self",
    ]);
  });
});
