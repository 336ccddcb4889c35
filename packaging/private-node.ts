/** The Node.js of the package: Debian 12 has 18 only. It comes from npm, held by packaging/node/package-lock.json. */
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.ts";

/** Debian's word for what npm calls by another. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** The same as in bin/anyctl. */
const WANTED = [20, 19] as const;

export interface PrivateNode {
  /** Debian's word. */
  readonly architecture: string;
  /** As `20.20.2` */
  readonly version: string;
  /** Of its licences. */
  readonly licensePath: string;
}

/**
 * Copies it to `target`, without the symbols that only a debugger reads, and lets the copy run.
 *
 * @param root Of the repository.
 * @throws {Error} If there is none for this machine, or it is too old.
 */
export function copyNode(root: string, target: string): PrivateNode {
  const { arch } = process;
  const architecture = ARCHITECTURES[arch];
  if (architecture === undefined) {
    const allowed = Object.keys(ARCHITECTURES).join(", ");
    throw new Error(`Cannot package for "${arch}": allowed: ${allowed}`);
  }
  const folder = join(root, "packaging/node/node_modules", `node-linux-${arch}`);
  const source = join(folder, "bin/node");
  if (!existsSync(source)) {
    throw new Error(`Cannot find ${source}: run \`scripts/setup package\` first`);
  }
  copyFileSync(source, target);
  run(["strip", "--strip-unneeded", target], root);
  const version = run([target, "-p", "process.versions.node"], root).trim();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < WANTED[0] || (major === WANTED[0] && minor < WANTED[1])) {
    throw new Error(`Cannot use Node.js ${version}: must be ${WANTED.join(".")} or later`);
  }
  return { architecture, version, licensePath: join(folder, "LICENSE") };
}
