// Reasons that would like to be more than text: stored whole, shown as one harmless line, whatever the command.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { run, UID } from "./fake-io.ts";
import { makePop, startAgent } from "./pop.ts";

const PROGRAM = fileURLToPath(new URL("../../../bin/anyctl", import.meta.url));

const REASONS = [
  "two\nlines\r\n",
  "\u001b[2J\u001b]0;title\u0007\u009b31m",
  "\u202Ereversed\u2066\u200B",
  "nul \u0000 and del \u007f",
  '"quoted" \\back\\ $(reboot) `reboot` %n',
  "日本語 🚧 café",
  "withdraw route 0.0.0.0/0\n",
  "\uFEFF\u2028\u2029\u3164\u{E0041}",
  "x".repeat(1024),
];

/** What a terminal shows, and obeys nothing of. */
function assertHarmless(text: string): void {
  assert.match(text, /^(?:\n|[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}])*$/u);
}

describe("a hostile reason", () => {
  for (const reason of REASONS) {
    it(JSON.stringify(reason).slice(0, 60), async (context) => {
      const pop = makePop(context);
      const shown: string[] = [];
      await startAgent(context, pop, (status) => {
        for (const order of [...status.drains, ...status.pins]) shown.push(order.reason);
        return status;
      });
      const config = ["--config", pop.configPath];
      const lines = [
        ["pin", "dns", `--reason=${reason}`, "--for=1h"],
        ["pin", "dns", `--reason=${reason}`, "--for=1s"],
        ["drain", "dns", `--reason=${reason}`, "--for=1h"],
        ["drain", "--all", `--reason=${reason}`, "--transient"],
        ["undrain", "dns", `--reason=${reason}`],
        ["undrain", "web", "--wait", "--timeout=1s"],
        ["unpin", "dns", `--reason=${reason}`],
      ];
      const statuses: number[] = [];
      for (const argv of lines) {
        // Another one each time, so that the order before is told of.
        const env = { SUDO_USER: `op${statuses.length}` };
        const { status, out, err } = await run([...argv, ...config], { env });
        statuses.push(status);
        assertHarmless(out);
        assertHarmless(err);
      }
      assert.deepEqual(statuses.slice(1), [1, 0, 0, 0, 1, 0], "the second pin would be shorter");
      assert.ok(shown.length > 0);
      for (const one of shown) assert.equal(one, reason);
    });
  }

  it("that is not UTF-8 is stored as far as it is", (context) => {
    const { configPath, drains } = makePop(context);
    const argv = ["-c", `exec "$0" drain dns --reason "$(printf 'gr\\374n')" --config "$1"`];
    const { status } = spawnSync("sh", [...argv, PROGRAM, configPath], { encoding: "utf8" });
    assert.equal(status, 3);
    const file = readFileSync(join(drains, "dns"), "utf8");
    assert.equal(Object(JSON.parse(file)).reason, "gr\uFFFDn");
  });

  it("with a lone surrogate is stored as UTF-8 can hold it", async (context) => {
    const { configPath, drains } = makePop(context);
    await run(["drain", "dns", "--reason=a\uD800b", "--config", configPath]);
    const file = readFileSync(join(drains, "dns"), "utf8");
    assert.equal(Object(JSON.parse(file)).reason, "a\uFFFDb");
  });

  it("longer than 1 KiB, up to 1 MiB, is refused and not repeated", async (context) => {
    const pop = makePop(context);
    mkdirSync(pop.drains);
    for (const bytes of [1025, 1024 * 1024]) {
      for (const words of [
        ["drain", "dns"],
        ["undrain", "dns"],
        ["pin", "dns", "--for=1h"],
        ["unpin", "dns"],
      ]) {
        const argv = [...words, `--reason=${"é".repeat(bytes / 2)}x`, "--config", pop.configPath];
        const { status, out, err } = await run(argv);
        assert.deepEqual([status, out], [2, ""]);
        assert.ok(err.length < 120, err);
      }
    }
    assert.deepEqual(readdirSync(pop.drains), []);
  });
});

it("the claims of a hostile file are shown as one harmless line", async (context) => {
  if (UID !== 0) return context.skip("only root can give files away");
  const pop = makePop(context);
  mkdirSync(pop.drains);
  const by = "uid:0, sudo by a\nanyctl: all is well";
  for (const reason of REASONS) {
    const file = join(pop.drains, "dns");
    writeFileSync(file, JSON.stringify({ reason, by, until: "\u001b[2J" }));
    chownSync(file, 4242, -1);
    const config = ["--config", pop.configPath];
    const drained = await run(["drain", "dns", "--reason=r", "--for=1h", ...config]);
    assert.equal(drained.status, 1);
    assert.equal(drained.err.split("\n").length, 2, "one line");
    assertHarmless(drained.err);
    const { out } = await run(["undrain", "dns", ...config]);
    assert.equal(out.split("\n").length, 3, "two lines");
    assertHarmless(out);
  }
});
