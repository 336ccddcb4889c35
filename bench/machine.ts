/** On what was measured, and how quiet it was: numbers without that mean little. */
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { tryCommand } from "../test/lab/command.ts";

/** One line for the machine, one for the programs. */
export async function describeMachine(): Promise<string> {
  const [cpu] = cpus();
  const gib = Math.round(totalmem() / 1024 ** 3);
  const system = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "?";
  const exabgp = await versionOf("exabgp", /ExaBGP : (\S+)/);
  const bird = await versionOf("bird", /BIRD version (\S+)/);
  return [
    `${cpus().length} CPUs (${cpu?.model ?? "unknown"}), ${gib} GiB, Linux ${release()}, ${system}`,
    `Node.js ${process.version}, ExaBGP ${exabgp}, BIRD ${bird}`,
  ].join("\n");
}

/** The load of the last minute, before and after: what else ran has its part in every number. */
export function describeLoad(when: "before" | "after"): string {
  return `Load ${when} the run: ${(loadavg()[0] ?? 0).toFixed(2)}`;
}

async function versionOf(program: string, pattern: RegExp): Promise<string> {
  const { stdout, stderr } = await tryCommand(program, ["--version"]);
  return pattern.exec(stdout + stderr)?.[1] ?? "unknown";
}
