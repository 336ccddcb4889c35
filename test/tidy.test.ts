/** The shape of the repository: who may import whom, and how long a file may grow. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Past this a file has a second thing in it. */
const SOURCE_LINES_MAX = 300;

interface Rule {
  /** Folders whose files may be imported, itself included. */
  readonly folders: readonly string[];
  readonly packages: "any" | "none";
}

const BRIDGE = "exabgp/bridge/src";
const RULES: Readonly<Record<string, Rule>> = {
  checks: { folders: ["checks"], packages: "any" },
  [BRIDGE]: { folders: [BRIDGE], packages: "none" },
  "src/config": { folders: ["src/config", "checks"], packages: "any" },
  "src/doctor": {
    folders: ["src/doctor", "src/exabgp-conf", "src/config", "src/control", "checks"],
    packages: "none",
  },
  "src/exabgp-conf": { folders: ["src/exabgp-conf"], packages: "none" },
  "src/control": { folders: ["src/control"], packages: "any" },
  "src/core": { folders: ["src/core"], packages: "none" },
  "src/daemon": {
    folders: ["src/daemon", "src/core", "src/config", "src/control", "checks"],
    packages: "any",
  },
  // The core is pure: what a command asks it has no effect on anything.
  "src/cli": {
    folders: [
      "src/cli",
      "src/control",
      "src/config",
      "src/core",
      "src/doctor",
      "src/exabgp-conf",
      "checks",
    ],
    packages: "any",
  },
};

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

describe("imports", () => {
  for (const [folder, rule] of Object.entries(RULES)) {
    it(`of ${folder} are what it may know`, () => {
      const files = sources(folder);
      assert.ok(files.length > 0, `${folder} has no file: the rule watches nothing`);
      assert.deepEqual(
        files.flatMap((file) => forbidden(file, rule)),
        [],
      );
    });
  }

  it("finds every kind of import", () => {
    const text = `import a from "./a.ts";\nimport type { B } from "../b.ts";\nimport {\n  type C,\n} from "c";
export { d } from "./d.ts";\nconst e = await import("./e.ts");\nimport "./f.ts";`;
    assert.deepEqual(importsOf(text), [
      { specifier: "./a.ts", typeOnly: false },
      { specifier: "../b.ts", typeOnly: true },
      { specifier: "c", typeOnly: true },
      { specifier: "./d.ts", typeOnly: false },
      { specifier: "./e.ts", typeOnly: false },
      { specifier: "./f.ts", typeOnly: false },
    ]);
  });
});

it("yargs is imported by the command line only: the agent starts without it", () => {
  const others = Object.keys(RULES).filter((folder) => folder !== "src/cli");
  const guilty = others.flatMap(sources).filter((file) => /from "yargs/.test(read(file)));
  assert.deepEqual(guilty, []);
});

it("nothing but the bridge writes to stdout, and nothing looks at stderr, which ExaBGP shares", () => {
  const folders = ["checks", "src/core", "src/config", "src/daemon", "src/control"];
  const guilty = folders
    .flatMap(sources)
    .filter((file) => file !== "src/daemon/process-setup.ts")
    .filter((file) => /process\.std(?:out|err)|console\.|writeSync\(1\b/.test(read(file)));
  assert.deepEqual(guilty, []);
});

it("source files have one thing in them", () => {
  const long = Object.keys(RULES)
    .flatMap(sources)
    .filter((file) => read(file).split("\n").length > SOURCE_LINES_MAX);
  assert.deepEqual(long, []);
});

it("core has no clock, no asynchrony, no chance", () => {
  const impure =
    /\basync\b|\bawait\b|Promise|Date\.now|new Date\(\)|performance\.|Math\.random|setTimeout|process\./;
  assert.deepEqual(
    sources("src/core").filter((file) => impure.test(read(file))),
    [],
  );
});

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** Types may come from anywhere: they leave nothing behind in the compiled file. */
function forbidden(file: string, { folders, packages }: Rule): string[] {
  return importsOf(read(file))
    .filter(({ typeOnly }) => !typeOnly)
    .filter(({ specifier }) => {
      if (specifier.startsWith("node:")) return packages === "none" && folders.includes("src/core");
      if (!specifier.startsWith(".")) return packages === "none";
      const target = relative(ROOT, resolve(ROOT, dirname(file), specifier));
      return !folders.some((folder) => target.startsWith(`${folder}/`));
    })
    .map(({ specifier }) => `${file} imports ${specifier}`);
}

function importsOf(text: string): Import[] {
  const statements = text.matchAll(
    /^(?:import|export)\s+(?<type>type\s)?(?<names>[^"';]*?\sfrom\s+)?"(?<from>[^"]+)";|import\("(?<lazy>[^"]+)"\)/gm,
  );
  return [...statements].map(({ groups }) => {
    const names = groups?.["names"]?.match(/\{(?<list>[^}]*)\}/)?.groups?.["list"] ?? "";
    const listed = names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
    const allTypes = listed.length > 0 && listed.every((name) => name.startsWith("type "));
    return {
      specifier: groups?.["from"] ?? groups?.["lazy"] ?? "",
      typeOnly: groups?.["type"] !== undefined || allTypes,
    };
  });
}
