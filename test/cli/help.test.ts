// The help of every command, as files to be read in diffs: UPDATE_EXPECTED=1 writes them anew.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { COMMANDS, loadAllCommands } from "../../src/cli/commands.ts";
import { run } from "./fake-io.ts";

const FOLDER = fileURLToPath(new URL("../../../test/cli/help/", import.meta.url));

const LINES = [
  "",
  "agent",
  "audit",
  "check",
  "completion",
  "config",
  "config check",
  "config diff",
  "config schema",
  "config show",
  "doctor",
  "drain",
  "init",
  "pin",
  "reload",
  "simulate",
  "status",
  "undrain",
  "unpin",
  "version",
  "why",
];

function fileOf(line: string): string {
  return `${["anyctl", ...line.split(" ").filter((word) => word !== "")].join("-")}.txt`;
}

describe("help", () => {
  for (const line of LINES) {
    it(`of anyctl ${line}`, async () => {
      const words = line.split(" ").filter((word) => word !== "");
      const { status, out, err } = await run([...words, "--help"]);
      assert.deepEqual([status, err], [0, ""]);
      const file = join(FOLDER, fileOf(line));
      if (process.env["UPDATE_EXPECTED"] === "1") writeFileSync(file, out);
      assert.equal(out, readFileSync(file, "utf8"));
      assert.match(out, /^[\n\x20-\x7e]+$/, "plain ASCII");
      for (const written of out.split("\n")) assert.ok(written.length <= 100, written);
    });
  }

  it("is there for every command and for nothing else", async () => {
    const names = (await loadAllCommands()).flatMap(({ signature, subcommands = [] }) => {
      const [name = ""] = signature.split(" ");
      return [name, ...subcommands.map((below) => `${name} ${below.signature.split(" ")[0]}`)];
    });
    assert.deepEqual(["", ...names].toSorted(), LINES);
    assert.deepEqual(readdirSync(FOLDER).toSorted(), LINES.map(fileOf).toSorted());
    assert.deepEqual(
      [...COMMANDS.keys()],
      (await loadAllCommands()).map(({ signature }) => signature.split(" ")[0]),
    );
  });

  it("comes whatever else is on the line, if the command exists", async () => {
    const { out } = await run(["drain", "--help"]);
    assert.equal((await run(["drain", "-h", "dns", "--reason"])).out, out);
    assert.equal((await run(["--help", "drain"])).out, out);
    assert.equal((await run(["drian", "--help"])).status, 2);
  });
});

it("the version is that of the package, by command and by option", async () => {
  const text = readFileSync(join(FOLDER, "../../../package.json"), "utf8");
  const { version }: { version?: unknown } = Object(JSON.parse(text));
  for (const word of ["version", "--version"]) {
    assert.deepEqual(await run([word]), { status: 0, out: `${String(version)}\n`, err: "" });
  }
});
