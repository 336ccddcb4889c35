/** ExaBGP processes of this network namespace, and the files that they were started with. */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { ExabgpProcess } from "./host.ts";

/** More is no command line of ExaBGP. */
const ARGV_MAX_CHARS = 128 * 1024;

/** How the environment file is named: to 4.2, and to 5.0. */
const ENV_OPTIONS = ["--env", "-e", "--env-file"];

/** Options of ExaBGP that are followed by a value. */
const WITH_VALUE = new Set([
  ...ENV_OPTIONS,
  "--root",
  "--folder",
  "-f",
  "--profile",
  "--signal",
  "-s",
]);

export interface SeenExabgp extends ExabgpProcess {
  /** Whether it has the same addresses and routes as we. */
  readonly isHere: boolean;
}

/** All that are seen; other users' are, too. @throws {Error} Where there is no /proc. */
export function findExabgp(proc = "/proc"): SeenExabgp[] {
  const own = namespaceOf(proc, "self");
  return readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const argv = readFileSync(`${proc}/${pid}/cmdline`, "utf8").slice(0, ARGV_MAX_CHARS);
        const words = argv.split("\0").slice(0, -1);
        if (exabgpAt(words) === undefined || !isDaemon(words)) return [];
        // One whose namespace may not be read is another user's: it is taken for one of here.
        const other = namespaceOf(proc, pid);
        const isHere = own === undefined || other === undefined || own === other;
        return [{ pid: Number(pid), uid: statSync(`${proc}/${pid}`).uid, argv: words, isHere }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

/** What it was started with; paths are absolute, undefined where it names none or nobody may look. */
export function filesOf(
  { pid, argv }: ExabgpProcess,
  proc = "/proc",
): { readonly confPath: string | undefined; readonly envPath: string | undefined } {
  const words = argv.slice((exabgpAt(argv) ?? 0) + 1);
  const env = words.findIndex((word) => ENV_OPTIONS.includes(word));
  const joined = words.map((word) => /^--env(?:-file)?=(.*)$/.exec(word)?.[1]).find(Boolean);
  const conf = words.find(
    (word, at) =>
      // 5.0 may be started as `exabgp server FILE`.
      !word.startsWith("-") && word !== "server" && !WITH_VALUE.has(words[at - 1] ?? ""),
  );
  const folder = linkOf(`${proc}/${pid}/cwd`);
  const absolute = (path: string | undefined) =>
    path?.startsWith("/") === true || path === undefined || folder === undefined
      ? path
      : resolve(folder, path);
  return {
    confPath: absolute(conf),
    envPath: absolute(env >= 0 ? words[env + 1] : joined),
  };
}

/** Its environment, where that may be read. */
export function environmentOf(
  { pid }: ExabgpProcess,
  proc = "/proc",
): Readonly<Record<string, string>> | undefined {
  try {
    const text = readFileSync(`${proc}/${pid}/environ`, "utf8");
    return Object.fromEntries(
      text.split("\0").flatMap((line) => {
        const at = line.indexOf("=");
        return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
      }),
    );
  } catch {
    return undefined;
  }
}

/** The unit that a process belongs to: the last part of its cgroup that is a service. */
export function unitOf(pid: number, proc = "/proc"): string | undefined {
  try {
    const text = readFileSync(`${proc}/${pid}/cgroup`, "utf8");
    return /([\w@.:\\-]+\.service)(?:\/[^\n]*)?$/m.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

/** Where ExaBGP itself stands: `python3 /usr/sbin/exabgp …`, `python3 -m exabgp …`, `/usr/sbin/exabgp …`. */
function exabgpAt(argv: readonly string[]): number | undefined {
  const isPython = /^python[\d.]*$/.test(basename(argv[0] ?? ""));
  if (!isPython) return basename(argv[0] ?? "") === "exabgp" ? 0 : undefined;
  const module = argv.indexOf("-m");
  if (module > 0) return argv[module + 1] === "exabgp" ? module + 1 : undefined;
  const script = argv.findIndex((word, at) => at > 0 && !word.startsWith("-"));
  return basename(argv[script] ?? "") === "exabgp" ? script : undefined;
}

/** Not its health checker, and no question that ends at once. */
function isDaemon(argv: readonly string[]): boolean {
  const words = argv.slice((exabgpAt(argv) ?? 0) + 1);
  const others = new Set([
    "healthcheck",
    "--test",
    "-t",
    "--version",
    "--help",
    "version",
    "validate",
    "decode",
  ]);
  return !words.some((word) => others.has(word));
}

function namespaceOf(proc: string, pid: string): string | undefined {
  return linkOf(`${proc}/${pid}/ns/net`);
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
