/**
 * What `dist` needs at run time, in few files: less to read at a start, in which no probe runs, and nothing of
 * node_modules to install. Every file lies as deep as in `dist`, so that what is found relative to a module is found.
 */
import { readFile } from "node:fs/promises";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { build, type BuildOptions, type Metafile, type Plugin } from "esbuild";

/** Modules whose thread is started later than at the agent's start: held open, and run from their text. */
const HELD_WORKERS: readonly string[] = ["config-worker.js", "dead-man-worker.js"];

/** Has a state, and is asked by two files: it must be one. */
const SHARED = "crash-loop.js";

/** Read at run time, by their path. */
const FILES_READ = ["exabgp/templates", "systemd/exabgp-anyctl.conf"];

/** Names stay as they are, for stacks in a log. */
const COMMON = {
  bundle: true,
  platform: "node",
  target: "node20",
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: "none",
  logLevel: "warning",
  logOverride: { "empty-import-meta": "error" },
  metafile: true,
  outbase: ".",
} as const satisfies BuildOptions;

/** CommonJS packages ask for Node's own modules by `require`, which an ES module has not. */
const REQUIRE =
  'import { createRequire as __createRequire } from "node:module";const require = __createRequire(import.meta.url);';

export interface Bundle {
  /** Packages that are in it, `node_modules/NAME`, relative to the root, sorted. */
  readonly packages: readonly string[];
}

/**
 * Writes the bundle into `target`, an empty folder: bin, dist, and what is read beside them.
 *
 * @param root Of the repository; its `dist` is built.
 * @throws {Error} If a module cannot be bundled, or is not as it is known here.
 */
export async function writeBundle(root: string, target: string): Promise<Bundle> {
  const options = { ...COMMON, absWorkingDir: root, outdir: target, plugins: [placesOf(root)] };
  const fromText = { js: 'const __nowhere = "file:///nowhere/worker.cjs";' };
  // Of the sources: in dist may be what was built long ago.
  const workers = readdirSync(join(root, "src/daemon"))
    .filter((name) => name.endsWith("-worker.ts"))
    .map((name) => name.replace(/ts$/, "js"));
  const held = workers.filter((name) => HELD_WORKERS.includes(name));
  if (held.length !== HELD_WORKERS.length) {
    throw new Error(`Cannot bundle: src/daemon has no sources of ${HELD_WORKERS.join(", ")}`);
  }
  const others = workers.filter((name) => !HELD_WORKERS.includes(name));
  const results = await Promise.all([
    // Each in one file: an upgrade takes the files away under a running agent, so it has read all it will ever need.
    build({
      ...options,
      format: "esm",
      entryPoints: ["early-start.js", "main.js", SHARED, ...others].map(
        (name) => `dist/src/daemon/${name}`,
      ),
      banner: { js: REQUIRE },
      plugins: [...options.plugins, apart(SHARED)],
    }),
    build({
      ...options,
      format: "cjs",
      entryPoints: held.map((name) => `dist/src/daemon/${name}`),
      outExtension: { ".js": ".cjs" },
      // It is run from its text. node-cron looks where it lies when it is loaded, for what is not used here.
      banner: fromText,
      define: { "import.meta.url": "__nowhere" },
      plugins: [placeless()],
    }),
    // One file a command, and what they share: each is loaded when it is asked for.
    build({
      ...options,
      format: "esm",
      splitting: true,
      entryPoints: ["dist/src/cli/main.js"],
      chunkNames: "dist/src/cli/[name]-[hash]",
      banner: { js: REQUIRE },
    }),
  ]);
  for (const path of FILES_READ) cpSync(join(root, path), join(target, path), { recursive: true });
  mkdirSync(join(target, "bin"));
  cpSync(join(root, "bin/anyctl"), join(target, "bin/anyctl"));
  const { name, version }: Record<string, unknown> = Object(
    JSON.parse(readFileSync(join(root, "package.json"), "utf8")),
  );
  writeFileSync(
    join(target, "package.json"),
    `${JSON.stringify({ name, version, type: "module" })}\n`,
  );
  return { packages: packagesOf(results.map(({ metafile }) => metafile)) };
}

/** Lets a module of ours in the bundle believe that it lies where it lies in `dist`. */
function placesOf(root: string): Plugin {
  return {
    name: "places",
    setup(builds) {
      builds.onLoad({ filter: /\/dist\/(?:src|checks)\/.*\.js$/ }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        const place = relative(root, path);
        return {
          contents: basename(path) === "prom-client.js" ? unhidden(text) : placed(text, place),
        };
      });
    },
  };
}

/** Leaves a module of the agent to a file of its own, beside those that import it. */
function apart(name: string): Plugin {
  return {
    name: "apart",
    setup(builds) {
      builds.onResolve({ filter: /^\.\// }, ({ path, kind }) =>
        path === `./${name}` && kind !== "entry-point" ? { path, external: true } : undefined,
      );
    },
  };
}

/** Nothing of ours that is run from its text may look for a file beside it. */
function placeless(): Plugin {
  return {
    name: "placeless",
    setup(builds) {
      builds.onLoad({ filter: /\/dist\/(?:src|checks)\/.*\.js$/ }, async ({ path }) => {
        const contents = await readFile(path, "utf8");
        if (!contents.includes("import.meta")) return { contents };
        return { errors: [{ text: `Cannot be held open: ${path} asks where it lies` }] };
      });
    },
  };
}

/** All files of the bundle lie three folders deep. */
function placed(text: string, place: string): string {
  return text.replaceAll("import.meta.url", `new URL("../../../${place}", import.meta.url).href`);
}

/** A `require` that is made by hand is not followed. */
function unhidden(text: string): string {
  const made = "const require = createRequire(import.meta.url);";
  if (!text.includes(made)) throw new Error(`Cannot bundle prom-client: missing ${made}`);
  return text.replace(made, "");
}

function packagesOf(metafiles: readonly Metafile[]): string[] {
  const inputs = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap((output) =>
      Object.entries(output.inputs)
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([path]) => path),
    ),
  );
  const folders = inputs.flatMap((path) => {
    const found = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(dirname(path));
    return found === null ? [] : [found[0]];
  });
  return [...new Set(folders)].toSorted();
}
