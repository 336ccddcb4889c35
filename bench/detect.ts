/**
 * How long a killed service stays announced: from SIGKILL of nginx to the WITHDRAW in the log of a real BIRD, for anyctl
 * and for ExaBGP's own healthcheck, in turns. Usage: node dist/bench/detect.js [ROUNDS], 20 by default. Needs root.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ANYCAST } from "../test/lab/pop.ts";
import { POP_SESSION } from "../test/lab/region.ts";
import { wallClockMs, waitUntil } from "../test/lab/wait.ts";
import { decisionsIn, type LoggedDecision } from "./decisions.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import type { BenchTiming } from "./services.ts";
import { createStage, type Program, type Stage } from "./stage.ts";
import { median, spreadPhases } from "./statistics.ts";
import { formatTable, print } from "./table.ts";

interface Contender {
  readonly name: string;
  readonly program: Program;
  readonly timing: BenchTiming;
  /** Between two polls of a healthy service, in ms: what the phase of a kill is a part of. */
  readonly intervalMs: number;
}

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

/** One kill; times on the wall clock. */
interface Death {
  readonly killedAtMs: number;
  /** In BIRD's log. */
  readonly withdrawnAtMs: number;
  /** What the agent says of it; healthcheck says nothing. */
  readonly decision: LoggedDecision | undefined;
}

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

interface Runs {
  readonly contender: Contender;
  readonly stage: Stage;
  readonly deaths: Death[];
}

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
    report(runs);
    print(`\n${describeLoad("after")}`);
  } finally {
    for (const { stage } of runs) await stage.remove();
  }
}

function report(runs: readonly Runs[]): void {
  print("Kill to WITHDRAW on the wire, ms:\n");
  const heads = ["", "n", "median", "min", "max"];
  print(
    formatTable(
      heads,
      runs.map(({ contender, deaths }) => row(contender.name, deaths.map(totalMs))),
    ),
  );
  print("\nDifference at the same phase of the interval, ms (less than 0: anyctl was quicker):\n");
  const pairs = PAIRS.map(([ours, theirs]) => {
    const [a, b] = [ours, theirs].map(
      (one) => runs.find(({ contender }) => contender === one)?.deaths.map(totalMs) ?? [],
    );
    const differences = (a ?? []).map((ms, at) => ms - (b?.[at] ?? 0));
    const quicker = differences.filter((ms) => ms < 0).length;
    return [...row(ours?.name ?? "", differences), `${quicker} of ${differences.length}`];
  });
  print(formatTable([...heads, "anyctl quicker"], pairs));
  for (const { contender, stage, deaths } of runs) {
    if (stage.program === "anyctl") reportParts(contender.name, deaths);
  }
  reportWrites(
    runs
      .filter(({ stage }) => stage.program === "anyctl")
      .flatMap(({ stage }) => decisionsIn(stage.pop.exabgp.agentLog.lines())),
  );
}

/** Where the time goes. */
function reportParts(name: string, deaths: readonly Death[]): void {
  const parts = deaths.flatMap(({ killedAtMs, withdrawnAtMs, decision }) => {
    if (decision === undefined) return [];
    const { decidedAtMs, detectMs, writeMs, ackMs } = decision;
    const firstMs = decidedAtMs - detectMs - killedAtMs;
    return { firstMs, detectMs, writeMs, ackMs, birdMs: withdrawnAtMs - decidedAtMs - writeMs };
  });
  print(`\nWhere the time goes, ${name}, ms:\n`);
  print(
    formatTable(
      ["", "n", "median", "min", "max"],
      [
        row(
          "kill to the first contrary result",
          parts.map(({ firstMs }) => firstMs),
        ),
        row(
          "to the decision",
          parts.map(({ detectMs }) => detectMs),
        ),
        row(
          "to the line written",
          parts.map(({ writeMs }) => writeMs),
          2,
        ),
        row(
          "from there to ExaBGP's done",
          parts.map(({ ackMs }) => ackMs),
        ),
        row(
          "from there to BIRD's withdrawal",
          parts.map(({ birdMs }) => birdMs),
        ),
      ],
    ),
  );
}

function reportWrites(decisions: readonly LoggedDecision[]): void {
  const writesTo = (state: string): number[] =>
    decisions.filter(({ to }) => to === state).map(({ writeMs }) => writeMs);
  print("\nDecision to line written, ms:\n");
  print(
    formatTable(
      ["", "n", "median", "min", "max"],
      [row("withdrawal", writesTo("down"), 2), row("announcement", writesTo("up"), 2)],
    ),
  );
}

function row(name: string, values: readonly number[], digits = 1): string[] {
  const numbers = [median(values), Math.min(...values), Math.max(...values)];
  return [name, String(values.length), ...numbers.map((ms) => ms.toFixed(digits))];
}

function totalMs({ killedAtMs, withdrawnAtMs }: Death): number {
  return withdrawnAtMs - killedAtMs;
}

await main(Number(process.argv[2] ?? 20));
