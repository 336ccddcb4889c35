/** The files of the package, as they will lie on a host. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { writeBundle } from "./bundle.ts";
import { manPage } from "./man.ts";
import { copyrightText } from "./notices.ts";
import { copyNode, type PrivateNode } from "./private-node.ts";
import { run } from "./run.ts";

/** What is installed of systemd/, and where; a file that is not there yet is left out. */
const SYSTEMD = {
  "exabgp-anyctl.conf": "lib/systemd/system/exabgp.service.d/anyctl.conf",
  "anyctl.sysusers.conf": "usr/lib/sysusers.d/anyctl.conf",
  "anyctl.tmpfiles.conf": "usr/lib/tmpfiles.d/anyctl.conf",
  "anyctl.catalog": "usr/lib/systemd/catalog/anyctl.catalog",
  "anyctl-generator": "usr/lib/systemd/system-generators/anyctl-generator",
} as const satisfies Readonly<Record<string, string>>;

/** Of packaging/debian: what an operator may change, and finds unchanged after an upgrade. */
const CONFFILES: Readonly<Record<string, string>> = {
  "needrestart.conf": "etc/needrestart/conf.d/anyctl.conf",
};

const DOC = "usr/share/doc/anyctl";

/** Enough that two builds never share a folder; short, because it is in every list of processes. */
const HASH_DIGITS = 12;

/** The first line of bin/anyctl, up to the program. */
const ENV_NODE = "#!/usr/bin/env -S node ";

export interface Tree {
  readonly node: PrivateNode;
  /** Of the private Node.js, relative to the tree. */
  readonly nodePath: string;
  /** Absolute, as they will be. */
  readonly conffiles: readonly string[];
}

/**
 * Fills `target`, an empty folder. Everything that runs is in one folder, whose name changes with anything in it, and
 * /usr/bin/anyctl, which ExaBGP starts, is a link into it: dpkg makes it the new one after all that it leads to, so an
 * agent that is started in the middle of an upgrade is either of them, whole.
 *
 * @param version Debian's.
 */
export async function writeTree(
  root: string,
  target: string,
  { version, epochS }: { readonly version: string; readonly epochS: number },
): Promise<Tree> {
  const into = (path: string): string => join(target, path);
  const write = (path: string, data: string | Uint8Array): void => {
    mkdirSync(dirname(into(path)), { recursive: true });
    writeFileSync(into(path), data);
  };
  mkdirSync(into("usr/lib"), { recursive: true });
  const unnamed = into("unnamed");
  mkdirSync(unnamed);
  const { packages } = await writeBundle(root, unnamed);
  const node = copyNode(root, join(unnamed, "node"));
  const folder = `usr/lib/anyctl/${packageJson(root)}-${hashOf(unnamed)}`;
  cpSync(unnamed, into(folder), { recursive: true });
  run(["rm", "-r", unnamed], root);
  const script = readFileSync(join(root, "bin/anyctl"), "utf8");
  if (!script.startsWith(ENV_NODE)) throw new Error(`Cannot find ${ENV_NODE}in bin/anyctl`);
  write(`${folder}/bin/anyctl`, script.replace(ENV_NODE, `#!/${folder}/node `));
  mkdirSync(into("usr/bin"));
  symlinkSync(
    `../lib/anyctl/${relative("usr/lib/anyctl", folder)}/bin/anyctl`,
    into("usr/bin/anyctl"),
  );

  for (const [name, path] of Object.entries(SYSTEMD)) {
    const source = join(root, "systemd", name);
    if (existsSync(source)) write(path, filled(readFileSync(source, "utf8")));
  }
  mkdirSync(into("etc/anyctl"), { recursive: true });
  for (const [name, path] of Object.entries(CONFFILES)) {
    write(path, readFileSync(join(root, "packaging/debian", name)));
  }
  const anyctl = [join(into(folder), "node"), join(into(folder), "bin/anyctl")];
  const ask = (...words: string[]): string => run([...anyctl, ...words], "/");
  write("usr/share/bash-completion/completions/anyctl", ask("completion", "bash"));
  write("usr/share/zsh/vendor-completions/_anyctl", ask("completion", "zsh"));
  const date = new Date(epochS * 1000);
  const page = manPage((words) => ask(...words), version, date.toISOString().slice(0, 10));
  write("usr/share/man/man1/anyctl.1.gz", gzipped(page));

  cpSync(join(root, "docs"), into(`${DOC}/docs`), { recursive: true });
  write(`${DOC}/README.md`, readFileSync(join(root, "README.md")));
  write(`${DOC}/changelog.gz`, gzipped(readFileSync(join(root, "CHANGELOG.md"))));
  write(`${DOC}/changelog.Debian.gz`, gzipped(debianChangelog(version, date)));
  write(`${DOC}/copyright`, copyrightText(root, packages, node));
  cpSync(join(root, "exabgp/templates"), into(`${DOC}/examples`), { recursive: true });
  write(`${DOC}/examples/anyctl.yaml`, readFileSync(join(root, "packaging/debian/anyctl.yaml")));
  write(
    "usr/share/lintian/overrides/anyctl",
    readFileSync(join(root, "packaging/debian/lintian-overrides")),
  );
  const programs = [`${folder}/bin/anyctl`, `${folder}/node`, SYSTEMD["anyctl-generator"]];
  settle(target, programs, epochS);
  const conffiles = Object.values(CONFFILES).map((path) => `/${path}`);
  return { node, nodePath: `${folder}/node`, conffiles };
}

function packageJson(root: string): string {
  const { version }: Record<string, unknown> = Object(
    JSON.parse(readFileSync(join(root, "package.json"), "utf8")),
  );
  return String(version);
}

/** `anyctl init` fills these in for another place; here they are Debian's. */
function filled(text: string): string {
  return text
    .replaceAll("@ANYCTL@", "/usr/bin/anyctl")
    .replaceAll("@CONFIG@", "/etc/anyctl/anyctl.yaml");
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}

function hashOf(folder: string): string {
  const hash = createHash("sha256");
  for (const file of filesIn(folder))
    hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
  return hash.digest("hex").slice(0, HASH_DIGITS);
}

/** Without a time in it. */
function gzipped(data: string | Uint8Array): Uint8Array {
  return gzipSync(data, { level: 9 });
}

function debianChangelog(version: string, date: Date): string {
  const when = date.toUTCString().replace("GMT", "+0000");
  return `anyctl (${version}) unstable; urgency=medium

  * What is new is in changelog.gz.

 -- ${MAINTAINER}  ${when}
`;
}

/** Modes and times that depend on nobody's umask or clock. */
function settle(target: string, programs: readonly string[], epochS: number): void {
  const entries = readdirSync(target, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const runs = entry.isDirectory() || programs.includes(relative(target, path));
    if (!entry.isSymbolicLink()) chmodSync(path, runs ? 0o755 : 0o644);
    lutimesSync(path, epochS, epochS);
  }
  chmodSync(target, 0o755);
  lutimesSync(target, epochS, epochS);
}

/** As Debian's tools ask for it. */
export const MAINTAINER = `${process.env["DEBFULLNAME"] ?? "The anyctl authors"} <${process.env["DEBEMAIL"] ?? "anyctl@localhost.localdomain"}>`;
