/**
 * How long a killed service stays announced: from SIGKILL of nginx to the WITHDRAW in the log of a real BIRD, for anyctl
 * and for ExaBGP's own healthcheck, in turns. Usage: node dist/bench/detect.js [ROUNDS], 20 by default. Needs root.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ANYCAST } from "../test/lab/pop.ts";
import { POP_SESSION } from "../test/lab/region.ts";
import { wallClockMs, waitUntil } from "../test/lab/wait.ts";
import { decisionsIn, type LoggedDecision } from "./decisions.ts";
import { type Contender, type Death, reportRuns, type Runs } from "./detect-report.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { createStage, type Stage } from "./stage.ts";
import { spreadPhases } from "./statistics.ts";
import { print } from "./table.ts";

const LIKE_DEFAULTS = { interval: 1, fastInterval: 0.5, timeout: 1, rise: 3, fall: 3 };
const TUNED = { ...LIKE_DEFAULTS, fastInterval: 0.1 };

const CONTENDERS: readonly Contender[] = [
  { name: "anyctl, no timings given", program: "anyctl", timing: {}, intervalMs: 1000 },
  {
    name: "healthcheck, 1 s, fast 500 ms",
    program: "healthcheck",
    timing: LIKE_DEFAULTS,
    intervalMs: 1000,
  },
  { name: "anyctl, 1 s, fast 100 ms", program: "anyctl", timing: TUNED, intervalMs: 1000 },
  {
    name: "healthcheck, 1 s, fast 100 ms",
    program: "healthcheck",
    timing: TUNED,
    intervalMs: 1000,
  },
  {
    name: "healthcheck, no timings given",
    program: "healthcheck",
    timing: {},
    intervalMs: 5000,
  },
];

/** Whose differences mean something: the settings are the same. */
const PAIRS = [
  [CONTENDERS[0], CONTENDERS[1]],
  [CONTENDERS[2], CONTENDERS[3]],
] as const;

const FITS = { session: POP_SESSION.ipv4, prefix: ANYCAST.ipv4.prefix };
const PATIENCE = { deadlineMs: 60_000 };

/** Kills nginx when `phase` of the interval has passed since a poll, and brings everything back. */
async function killOnce(stage: Stage, phase: number, intervalMs: number): Promise<Death> {
  const { pop, transit } = stage;
  const polledAtMs = await stage.nextPoll(wallClockMs());
  await delay(Math.max(0, polledAtMs + phase * intervalMs - wallClockMs()));
  const killedAtMs = await pop.web.kill();
  const { atMs: withdrawnAtMs } = await transit.waitForEvent(
    { ...FITS, kind: "withdrawn" },
    { ...PATIENCE, sinceMs: killedAtMs },
  );
  const decision =
    stage.program === "anyctl" ? await withdrawalAfter(stage, killedAtMs) : undefined;
  await pop.web.start();
  await transit.waitForEvent(
    { ...FITS, kind: "announced" },
    { ...PATIENCE, sinceMs: withdrawnAtMs },
  );
  return { killedAtMs, withdrawnAtMs, decision };
}

/** The line is written when ExaBGP has answered, which may be after BIRD has heard of it. */
function withdrawalAfter({ pop }: Stage, sinceMs: number): Promise<LoggedDecision> {
  return waitUntil("the decision", () =>
    decisionsIn(pop.exabgp.agentLog.lines()).find(
      ({ to, decidedAtMs }) => to === "down" && decidedAtMs >= Math.floor(sinceMs),
    ),
  );
}

const SERVICE = { name: "web", prefix: ANYCAST.ipv4.prefix, check: "http" } as const;

async function main(rounds: number): Promise<void> {
  print(`${await describeMachine()}\n${describeLoad("before")}; ${rounds} kills each\n`);
  const runs: Runs[] = [];
  try {
    for (const contender of CONTENDERS) {
      const stage = await createStage({ ...contender, services: [SERVICE] });
      runs.push({ contender, stage, deaths: [] });
    }
    // All suffer the same phases, one after another: what else happens on the machine hits all alike.
    for (const [round, phase] of spreadPhases(rounds).entries()) {
      for (const { contender, stage, deaths } of runs) {
        deaths.push(await killOnce(stage, phase, contender.intervalMs));
      }
      if (process.stderr.isTTY) process.stderr.write(`\r${round + 1}/${rounds} `);
    }
    reportRuns(runs, PAIRS);
    print(`\n${describeLoad("after")}`);
  } finally {
    for (const { stage } of runs) await stage.remove();
  }
}

await main(Number(process.argv[2] ?? 20));
