/** Looks this host over. Reads, and asks the kernel, systemd and the agent's socket; changes nothing, waits for no network. */
import { readFileSync } from "node:fs";
import type { Timers } from "../../checks/timers.ts";
import { readLenient } from "../config/load.ts";
import { AgentUnreachable, getStatus } from "../control/client.ts";
import type { Status } from "../control/protocol.ts";
import { environmentOf, filesOf, findExabgp, unitOf, type SeenExabgp } from "./gather-exabgp.ts";
import { gatherConf, gatherConfig, gatherEnv, gatherModes, gatherProgram } from "./gather-files.ts";
import { gatherAddresses, gatherRpFilter, gatherUplinks } from "./gather-network.ts";
import { gatherClock, gatherJournal, gatherOpenFiles, gatherUnit } from "./gather-unit.ts";
import type { Fact, Host } from "./host.ts";

const [CONF_DEFAULT, ENV_DEFAULT] = ["/etc/exabgp/exabgp.conf", "/etc/exabgp/exabgp.env"];
const UNIT_DEFAULT = "exabgp.service";

/** The agent answers in milliseconds. */
const ANSWER_MAX_MS = 2000;

const ELSEWHERE = { unknown: "ExaBGP runs in another network namespace: run this command in it" };

export interface GatherOptions {
  readonly configPath: string;
  /** What the operator named; else what the running ExaBGP was started with. */
  readonly confPath: string | undefined;
  readonly envPath: string | undefined;
  readonly ownVersion: string;
  readonly timers: Timers;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export async function gatherHost(options: GatherOptions): Promise<Host> {
  const { configPath, ownVersion, env } = options;
  const { socketPath } = readLenient(configPath);
  const told = await statusOf(socketPath, options.timers);
  const [status, error] = told instanceof AgentUnreachable ? [undefined, told.message] : [told];
  const exabgp = exabgpOf(status, options.confPath);
  const one = "value" in exabgp && exabgp.value.length === 1 ? exabgp.value[0] : undefined;
  const started = one === undefined ? undefined : filesOf(one);
  const confPath = options.confPath ?? started?.confPath ?? CONF_DEFAULT;
  const envPath = options.envPath ?? started?.envPath ?? ENV_DEFAULT;
  const { confFile, conf } = gatherConf(confPath);
  const unitName = (one === undefined ? undefined : unitOf(one.pid)) ?? UNIT_DEFAULT;
  const [unit, uplinks, clock] = await Promise.all([
    gatherUnit(unitName, env),
    gatherUplinks(conf, env),
    gatherClock(env),
  ]);
  const environment = one === undefined ? unitEnvironment(unit) : environmentOf(one);
  return {
    ...gatherConfig(configPath),
    confFile,
    conf,
    env: gatherEnv(envPath, environment),
    modes: gatherModes({ config: configPath, conf: confPath }),
    program: gatherProgram(conf),
    ...(one?.isHere === false
      ? { addresses: ELSEWHERE, uplinks: ELSEWHERE, rpFilter: ELSEWHERE }
      : { addresses: gatherAddresses(), uplinks, rpFilter: gatherRpFilter() }),
    unit,
    openFiles: gatherOpenFiles(status?.agent.pid, unit),
    reach: { value: { socketPath, ...(error !== undefined && { error }) } },
    agent:
      status === undefined ? { unknown: "no agent answers" } : { value: { status, ownVersion } },
    exabgp,
    clock,
    journal: gatherJournal(),
  };
}

async function statusOf(socketPath: string, timers: Timers): Promise<Status | AgentUnreachable> {
  try {
    return await getStatus(socketPath, ANSWER_MAX_MS, timers);
  } catch (error) {
    if (error instanceof AgentUnreachable) return error;
    throw error;
  }
}

/**
 * With an agent that answers, the ExaBGP above it, whichever others there are; else all of this network namespace, or
 * those of them that run with the file that the operator named.
 */
function exabgpOf(
  status: Status | undefined,
  confPath: string | undefined,
): Fact<readonly SeenExabgp[]> {
  try {
    const all = findExabgp();
    const parent = status === undefined ? undefined : parentOf(status.agent.pid);
    const above = all.filter(({ pid }) => pid === parent);
    if (above.length === 1) return { value: above };
    const here = all.filter(({ isHere }) => isHere);
    const named = here.filter((one) => filesOf(one).confPath === confPath);
    return { value: confPath === undefined ? here : named };
  } catch {
    return { unknown: "/proc cannot be read" };
  }
}

/** Field 4 of /proc/PID/stat; the name before it may hold anything. */
function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** `Environment=` of the unit: what ExaBGP would be started with. */
function unitEnvironment(unit: Host["unit"]): Readonly<Record<string, string>> {
  const text = "value" in unit ? (unit.value.properties.get("Environment") ?? "") : "";
  return Object.fromEntries(
    text.split(" ").flatMap((pair) => {
      const at = pair.indexOf("=");
      return at > 0 ? [[pair.slice(0, at), pair.slice(at + 1)]] : [];
    }),
  );
}
