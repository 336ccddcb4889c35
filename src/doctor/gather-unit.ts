/** The unit of ExaBGP, as systemd has it in force, and what else only systemd knows. */
import { existsSync, readFileSync } from "node:fs";
import type { Fact, Facts, Unit } from "./host.ts";
import { ask } from "./tool.ts";

const PROPERTIES =
  "LoadState ActiveState NotifyAccess WatchdogUSec Restart User ExecStop KillMode RequiresMountsFor After ProtectSystem ReadWritePaths RuntimeDirectory StateDirectory LimitNOFILE Environment".split(
    " ",
  );

type Environment = Readonly<Record<string, string | undefined>>;

export async function gatherUnit(name: string, env: Environment): Promise<Fact<Unit>> {
  const args = ["show", name, `--property=${PROPERTIES.join(",")}`, "--no-pager"];
  const answer = await ask("systemctl", args, env);
  if ("why" in answer) return { unknown: answer.why };
  const properties = new Map(
    answer.text.split("\n").flatMap((line): [string, string][] => {
      const at = line.indexOf("=");
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    }),
  );
  if (properties.get("LoadState") !== "loaded") return { unknown: `there is no unit ${name}` };
  const isIdle = ["inactive", "failed"].includes(properties.get("ActiveState") ?? "");
  const watchdog = isIdle ? await watchdogOf(name, env) : undefined;
  if (watchdog !== undefined) properties.set("WatchdogUSec", watchdog);
  return { value: { name, properties } };
}

/**
 * What its files ask for. systemd tells that of its last start instead, and `infinity` before the first one: the host
 * would never be ready for it.
 */
async function watchdogOf(name: string, env: Environment): Promise<string | undefined> {
  const answer = await ask("systemctl", ["cat", name, "--no-pager"], env);
  if ("why" in answer) return undefined;
  return [...answer.text.matchAll(/^\s*WatchdogSec\s*=[ \t]*(.*?)[ \t]*$/gm)].at(-1)?.[1];
}

/** @param agentPid Of the agent that runs. */
export function gatherOpenFiles(
  agentPid: number | undefined,
  unit: Fact<Unit>,
): Fact<Facts["openFiles"]> {
  if (agentPid !== undefined) {
    try {
      const path = `/proc/${agentPid}/limits`;
      // Node.js raises the soft limit to the hard one at its start.
      const limit = /^Max open files +\S+ +(\S+)/m.exec(readFileSync(path, "utf8"))?.[1];
      if (limit !== undefined) return { value: { limit: limitOf(limit), where: path } };
    } catch {
      // The unit says what it should be.
    }
  }
  if ("unknown" in unit) return unit;
  const limit = unit.value.properties.get("LimitNOFILE");
  if (limit === undefined) return { unknown: "systemd does not tell LimitNOFILE" };
  return { value: { limit: limitOf(limit), where: `${unit.value.name}: LimitNOFILE` } };
}

export async function gatherClock(env: Environment): Promise<Fact<Facts["clock"]>> {
  const answer = await ask("timedatectl", ["show", "--property=NTPSynchronized", "--value"], env);
  if ("why" in answer) return { unknown: answer.why };
  return { value: { isSynchronized: answer.text.trim() === "yes" } };
}

export function gatherJournal(): Fact<Facts["journal"]> {
  if (!existsSync("/run/systemd/journal/socket")) return { unknown: "there is no journal" };
  return { value: { isPersistent: existsSync("/var/log/journal") } };
}

/** `infinity` in units, `unlimited` in /proc. */
function limitOf(text: string): number {
  const limit = Number(text);
  return Number.isNaN(limit) ? Infinity : limit;
}
