/** The version of the Debian package. */
import { spawnSync } from "node:child_process";

export interface PackageVersion {
  /** As `0.1.0-1`, or `0.1.0~git20260301123000.0e33f3a-1` between releases. */
  readonly debian: string;
  /** When what is packaged was written, seconds since 1970: all files get this time. */
  readonly epochS: number;
}

/** What git knows of the tree; undefined where it is not one. */
export interface Commit {
  readonly hash: string;
  readonly epochS: number;
  readonly isClean: boolean;
  /** Of this commit. */
  readonly tags: readonly string[];
  /** `vVERSION` is an earlier commit: this is on its way to the next release, whose number is not known. */
  readonly isAfterRelease: boolean;
}

/**
 * A release is newer than what led to it (`~`), and older than what follows it (`+`). Of snapshots, the later commit is
 * the newer one.
 *
 * @param version Of package.json.
 * @param nowS What a tree with changes is dated by, so that two of them sort, too.
 */
export function packageVersion(
  version: string,
  commit: Commit | undefined,
  nowS: number,
): PackageVersion {
  if (commit === undefined) return { debian: `${version}-1`, epochS: nowS };
  const { hash, isClean, tags, isAfterRelease } = commit;
  const epochS = isClean ? commit.epochS : nowS;
  if (isClean && tags.includes(`v${version}`)) return { debian: `${version}-1`, epochS };
  const stamp = new Date(epochS * 1000).toISOString().replaceAll(/[-:T]|\..*$/g, "");
  const snapshot = `git${stamp}.${hash.slice(0, 7)}${isClean ? "" : ".dirty"}`;
  return { debian: `${version}${isAfterRelease ? "+" : "~"}${snapshot}-1`, epochS };
}

/** @param root Of the repository. */
export function commitOf(root: string, version: string): Commit | undefined {
  const git = (...argv: string[]) => spawnSync("git", ["-C", root, ...argv], { encoding: "utf8" });
  const head = git("log", "-1", "--format=%H %ct");
  const [hash, seconds] = head.status === 0 ? head.stdout.trim().split(" ") : [];
  if (hash === undefined) return undefined;
  const release = `v${version}`;
  return {
    hash,
    epochS: Number(seconds),
    isClean: git("status", "--porcelain", "--untracked-files=no").stdout === "",
    tags: git("tag", "--points-at", "HEAD").stdout.trim().split("\n"),
    isAfterRelease: git("merge-base", "--is-ancestor", release, "HEAD").status === 0,
  };
}
