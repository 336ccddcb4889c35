/**
 * How long a broken service stays announced: from SIGKILL of nginx, from SIGSTOP, and from its first 503 to the WITHDRAW
 * in the log of a real BIRD, for anyctl and for ExaBGP's own healthcheck, in turns.
 * Usage: node dist/bench/detect.js [ROUNDS], 20 by default. Needs root.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ANYCAST } from "../test/lab/pop.ts";
import { POP_SESSION } from "../test/lab/region.ts";
import { wallClockMs, waitUntil } from "../test/lab/wait.ts";
import { waitForStatus } from "../test/wire/fixtures.ts";
import { decisionsIn, type LoggedDecision } from "./decisions.ts";
import {
  type Contender,
  type Death,
  reportRuns,
  reportWrites,
  type Runs,
} from "./detect-report.ts";
import { ERR, type Fault, HANG, KILL } from "./faults.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { createStage, type Stage } from "./stage.ts";
import { spreadPhases } from "./statistics.ts";
import { print } from "./table.ts";

const LIKE_DEFAULTS = { interval: 1, fastInterval: 0.5, timeout: 1, rise: 3, fall: 3 };
const TUNED = { ...LIKE_DEFAULTS, fastInterval: 0.1 };

const OURS_BARE: Contender = {
  name: "anyctl, no timings given",
  program: "anyctl",
  timing: {},
  intervalMs: 1000,
};
const THEIRS_LIKE_DEFAULTS: Contender = {
  name: "healthcheck, 1 s, fast 500 ms",
  program: "healthcheck",
  timing: LIKE_DEFAULTS,
  intervalMs: 1000,
};
const OURS_TUNED: Contender = {
  name: "anyctl, 1 s, fast 100 ms",
  program: "anyctl",
  timing: TUNED,
  intervalMs: 1000,
};
/** Its fastest sane settings: its loop sleeps in between, and each poll is a new process. */
const THEIRS_TUNED: Contender = {
  name: "healthcheck, 1 s, fast 100 ms",
  program: "healthcheck",
  timing: TUNED,
  intervalMs: 1000,
};
const THEIRS_BARE: Contender = {
  name: "healthcheck, no timings given",
  program: "healthcheck",
  timing: {},
  intervalMs: 5000,
};
const OURS_WATCHING: Contender = {
  name: "anyctl, watch, fast 10 ms",
  program: "anyctl",
  timing: { ...LIKE_DEFAULTS, fastInterval: 0.01 },
  intervalMs: 1000,
  watch: true,
};
/** For services that hang. */
const OURS_QUICK: Contender = {
  name: "anyctl, 250 ms, timeout 250 ms, fall 2",
  program: "anyctl",
  timing: { interval: 0.25, fastInterval: 0.25, timeout: 0.25, rise: 3, fall: 2 },
  intervalMs: 250,
};

interface Trial {
  readonly fault: Fault;
  readonly contenders: readonly Contender[];
  /** Whose differences mean something. */
  readonly pairs: readonly (readonly [Contender, Contender])[];
}

const TRIALS: readonly Trial[] = [
  {
    fault: KILL,
    contenders: [
      OURS_BARE,
      THEIRS_LIKE_DEFAULTS,
      OURS_TUNED,
      THEIRS_TUNED,
      THEIRS_BARE,
      OURS_WATCHING,
    ],
    pairs: [
      [OURS_BARE, THEIRS_LIKE_DEFAULTS],
      [OURS_TUNED, THEIRS_TUNED],
      [OURS_WATCHING, THEIRS_TUNED],
    ],
  },
  { fault: HANG, contenders: [OURS_QUICK, THEIRS_TUNED], pairs: [[OURS_QUICK, THEIRS_TUNED]] },
  { fault: ERR, contenders: [OURS_TUNED, THEIRS_TUNED], pairs: [[OURS_TUNED, THEIRS_TUNED]] },
];

const FITS = { session: POP_SESSION.ipv4, prefix: ANYCAST.ipv4.prefix };
const PATIENCE = { deadlineMs: 60_000 };

/** Breaks the service when `phase` of the interval has passed since a poll, and brings everything back. */
async function breakOnce(
  stage: Stage,
  { fault, contender }: { fault: Fault; contender: Contender },
  phase: number,
): Promise<Death> {
  const { pop, transit } = stage;
  // After a loss it is opened again with a pause; a service that dies more than once in ten seconds is polled.
  if (contender.watch === true) {
    await waitForStatus(
      pop,
      "a held connection",
      ({ services }) => services[0]?.checks[0]?.listening === true,
    );
  }
  const polledAtMs = await stage.nextPoll(wallClockMs());
  await delay(Math.max(0, polledAtMs + phase * contender.intervalMs - wallClockMs()));
  const brokenAtMs = await fault.make(pop.web);
  const { atMs: withdrawnAtMs } = await transit.waitForEvent(
    { ...FITS, kind: "withdrawn" },
    { ...PATIENCE, sinceMs: brokenAtMs },
  );
  const decision =
    stage.program === "anyctl" ? await withdrawalAfter(stage, brokenAtMs) : undefined;
  await fault.mend(pop.web);
  await transit.waitForEvent(
    { ...FITS, kind: "announced" },
    { ...PATIENCE, sinceMs: withdrawnAtMs },
  );
  return { brokenAtMs, withdrawnAtMs, decision };
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
  print(`${await describeMachine()}\n${describeLoad("before")}; ${rounds} faults each`);
  const stages = new Map<Contender, Stage>();
  try {
    for (const contender of new Set(TRIALS.flatMap(({ contenders }) => contenders))) {
      const services = [{ ...SERVICE, watch: contender.watch === true }];
      stages.set(contender, await createStage({ ...contender, services }));
    }
    for (const { fault, contenders, pairs } of TRIALS) {
      const runs = contenders.flatMap((contender): Runs[] => {
        const stage = stages.get(contender);
        return stage === undefined ? [] : [{ contender, stage, deaths: [] }];
      });
      // All suffer the same phases, one after another: what else happens on the machine hits all alike.
      for (const [round, phase] of spreadPhases(rounds).entries()) {
        for (const { contender, stage, deaths } of runs) {
          deaths.push(await breakOnce(stage, { fault, contender }, phase));
        }
        if (process.stderr.isTTY) process.stderr.write(`\r${fault.name} ${round + 1}/${rounds} `);
      }
      reportRuns(fault.name, runs, pairs);
    }
    reportWrites([...stages.values()]);
    print(`\n${describeLoad("after")}`);
  } finally {
    for (const stage of stages.values()) await stage.remove();
  }
}

await main(Number(process.argv[2] ?? 20));
