/** ExaBGP's own judgement of an exabgp.conf, without running it. */
import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Judgement =
  | { readonly outcome: "valid"; readonly version: string }
  | { readonly outcome: "invalid"; readonly version: string; readonly said: string }
  /** Nobody could judge it: there is no ExaBGP, or it gave no answer. */
  | { readonly outcome: "skipped"; readonly why: string };

/** Python needs a second to start on a small machine, and ten when it is busy. */
const DEADLINE_MS = 20_000;

/** It says some lines; a stack is longer, and its end is what counts. */
const SAID_MAX = 4096;

/** Not in everybody's PATH, and where packages put it. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin"];

interface Run {
  readonly status: number | undefined;
  readonly said: string;
}

/**
 * @param path The folders of PATH; `undefined` for no search at all.
 * @param text Is written where only this user can read it, and removed.
 * @param interruption Ends the check.
 */
export async function judgeByExabgp(
  text: string,
  path: string | undefined,
  interruption: AbortSignal,
): Promise<Judgement> {
  const program = path === undefined ? undefined : find(path);
  if (program === undefined) return { outcome: "skipped", why: "there is no exabgp here" };
  const folder = mkdtempSync(join(tmpdir(), "anyctl-init-"));
  try {
    const file = join(folder, "exabgp.conf");
    writeFileSync(file, text, { mode: 0o600 });
    // From 5.0 on there is no `--version`, and no `exabgp version` before.
    const asked = await run(program, ["--version"], interruption);
    const version = /ExaBGP : (4\.[\d.]+)/.exec(asked.said)?.[1];
    const argv = version === undefined ? ["validate", file] : ["--test", file];
    const { status, said } = await run(program, argv, interruption);
    const name = version ?? "5";
    if (status === undefined) return { outcome: "skipped", why: `${program} gave no answer` };
    if (status === 0) return { outcome: "valid", version: name };
    return { outcome: "invalid", version: name, said };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function find(path: string): string | undefined {
  const folders = [
    ...path.split(":").filter((folder) => folder.startsWith("/")),
    ...SYSTEM_FOLDERS,
  ];
  return folders
    .map((folder) => join(folder, "exabgp"))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function run(program: string, argv: readonly string[], signal: AbortSignal): Promise<Run> {
  return new Promise((resolve) => {
    let said = "";
    const child = spawn(program, argv, {
      signal,
      timeout: DEADLINE_MS,
      killSignal: "SIGKILL",
      stdio: ["ignore", "pipe", "pipe"],
      // Nothing of the operator's environment: `exabgp.…` variables in it would be settings.
      env: {
        PATH: SYSTEM_FOLDERS.join(":"),
        "exabgp.log.destination": "stdout",
        "exabgp.api.cli": "false",
        PYTHONDONTWRITEBYTECODE: "1",
      },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-SAID_MAX)));
    }
    child.on("error", () => resolve({ status: undefined, said }));
    child.on("close", (status) => resolve({ status: status ?? undefined, said }));
  });
}
