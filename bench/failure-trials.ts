/** The failures that are measured: how each is brought about, and what is read at the router. */
import { setTimeout as delay } from "node:timers/promises";
import { type Host, PATIENCE, UNIT } from "../test/host/host.ts";
import { stateOf, waitForRecord, waitForStatus } from "../test/host/pop.ts";
import { POP_SESSION } from "../test/lab/region.ts";
import {
  agentPid,
  exabgpPid,
  heardMs,
  leadMs,
  renewExabgp,
  setBlockable,
  settle,
  strike,
} from "./failure-pop.ts";
import type { Measure } from "./promises.ts";

export interface Trial {
  readonly failure: string;
  readonly measures: readonly Measure[];
  /** What repeats itself in a PoP that is well, and so what the moment of the failure is a part of; 0: nothing. */
  readonly periodMs: number;
  /** Before the first round, and after the last. */
  readonly prepare?: (host: Host, wanted: boolean) => Promise<void>;
  /** The agent dies by it: each round has an ExaBGP of its own, because from the third death on the next agent idles. */
  readonly costsAgent?: boolean;
  /** @returns The values of `measures`, in their order. */
  readonly run: (host: Host) => Promise<number[]>;
}

/** As the agent pings with `WatchdogSec=10`. */
const PING_MS = 3333;

const OFF = "off the wire, ms";
const BACK = "announced again, ms";
const UPDATES = "routes sent in UPDATEs";
const LEAD = "withdrawn before its session closes, by ms";
const JUDGED = "the next agent has judged, ms";

export const TRIALS: readonly Trial[] = [
  {
    failure: "the agent's loop blocks",
    measures: [{ name: OFF, promise: { atMost: 2000 } }, { name: BACK }],
    periodMs: 1000,
    prepare: setBlockable,
    costsAgent: true,
    run: async (host) => outAndBack(host, strike(await agentPid(host), "SIGUSR2")),
  },
  {
    failure: "the agent is stopped (SIGSTOP)",
    measures: [{ name: OFF, promise: { atMost: 12_000 } }, { name: BACK }],
    periodMs: PING_MS,
    run: async (host) => outAndBack(host, strike(await agentPid(host), "SIGSTOP")),
  },
  {
    failure: "ExaBGP is killed (SIGKILL)",
    measures: [
      { name: OFF, promise: { atMost: 100 } },
      { name: BACK, promise: { atMost: 10_000 } },
    ],
    periodMs: 1000,
    run: async (host) => outAndBack(host, strike(await exabgpPid(host), "SIGKILL")),
  },
  {
    failure: "ExaBGP is stopped (SIGSTOP)",
    measures: [{ name: OFF, promise: { atMost: 13_000 } }, { name: BACK }],
    periodMs: PING_MS,
    run: async (host) => outAndBack(host, strike(await exabgpPid(host), "SIGSTOP")),
  },
  {
    failure: "the unit is stopped",
    measures: [{ name: LEAD, promise: { moreThan: 0 } }, { name: OFF }],
    periodMs: 0,
    async run(host) {
      const sinceMs = Date.now();
      await host.machine.must(["systemctl", "stop", UNIT]);
      const values = [
        await leadMs(host, sinceMs),
        (await heardMs(host, "withdrawn", sinceMs)) - sinceMs,
      ];
      await host.machine.must(["systemctl", "start", UNIT]);
      return values;
    },
  },
  {
    failure: "the host reboots",
    measures: [{ name: LEAD, promise: { moreThan: 0 } }, { name: BACK }],
    periodMs: 0,
    async run(host) {
      const sinceMs = Date.now();
      await host.machine.reboot();
      return [await leadMs(host, sinceMs), (await heardMs(host, "announced", sinceMs)) - sinceMs];
    },
  },
  {
    failure: "the host reboots while drained",
    measures: [{ name: "announcements", promise: { atMost: 0 } }],
    periodMs: 0,
    async run(host) {
      const { machine, transit } = host;
      await machine.must(["anyctl", "drain", "--all", "--reason", "benchmark", "--wait"]);
      const before = transit.wireUpdates().length;
      await machine.reboot();
      for (const session of Object.values(POP_SESSION)) {
        await transit.waitForSession(session, PATIENCE);
      }
      const what = "checks that pass while drained";
      await waitForStatus(host, what, (status) => {
        const checks = status.services.flatMap((service) => service.checks);
        return stateOf(status) === "drained" && checks.every(({ verdict }) => verdict === "up");
      });
      const sent = transit.wireUpdates().slice(before);
      await machine.must(["anyctl", "undrain", "--all", "--wait"]);
      return [sent.filter(({ kind }) => kind === "announced").length];
    },
  },
  {
    failure: "the agent is killed (SIGKILL)",
    measures: [{ name: UPDATES, promise: { atMost: 0 } }, { name: JUDGED }],
    periodMs: 1000,
    costsAgent: true,
    run: (host) => replaceAgent(host, "SIGKILL"),
  },
  {
    failure: "the agent is restarted (SIGTERM)",
    measures: [{ name: UPDATES, promise: { atMost: 0 } }, { name: JUDGED }],
    periodMs: 1000,
    costsAgent: true,
    run: (host) => replaceAgent(host, "SIGTERM"),
  },
];

/** @param phase 0 to 1: when in its period the failure comes. */
export async function runTrial(host: Host, trial: Trial, phase: number): Promise<number[]> {
  if (trial.costsAgent === true) await renewExabgp(host);
  else await settle(host);
  await delay(phase * trial.periodMs);
  return trial.run(host);
}

async function outAndBack(host: Host, sinceMs: number): Promise<number[]> {
  const outMs = await heardMs(host, "withdrawn", sinceMs);
  const backMs = await heardMs(host, "announced", outMs);
  return [outMs - sinceMs, backMs - sinceMs];
}

async function replaceAgent(host: Host, signal: NodeJS.Signals): Promise<number[]> {
  const { transit } = host;
  const pid = await agentPid(host);
  const before = transit.wireUpdates().length;
  const sinceMs = strike(pid, signal);
  await agentPid(host, { otherThan: pid });
  const record = await waitForRecord(host, { from: "starting", to: "up" }, { sinceMs });
  await settle(host);
  const judgedMs = Date.parse(String(record["ANYCTL_AT"]));
  return [transit.wireUpdates().length - before, judgedMs - sinceMs];
}
