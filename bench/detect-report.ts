/** What `detect` prints. */
import { decisionsIn, type LoggedDecision } from "./decisions.ts";
import type { BenchTiming } from "./services.ts";
import type { Program, Stage } from "./stage.ts";
import { median } from "./statistics.ts";
import { formatTable, print } from "./table.ts";

export interface Contender {
  readonly name: string;
  readonly program: Program;
  readonly timing: BenchTiming;
  /** Between two polls of a healthy service, in ms: what the phase of a fault is a part of. */
  readonly intervalMs: number;
  readonly watch?: boolean;
}

/** One fault; times on the wall clock. */
export interface Death {
  readonly brokenAtMs: number;
  /** In BIRD's log. */
  readonly withdrawnAtMs: number;
  /** What the agent says of it; healthcheck says nothing. */
  readonly decision: LoggedDecision | undefined;
}

export interface Runs {
  readonly contender: Contender;
  readonly stage: Stage;
  readonly deaths: Death[];
}

/** @param pairs Ours and theirs, whose differences mean something. */
export function reportRuns(
  fault: string,
  runs: readonly Runs[],
  pairs: readonly (readonly [Contender | undefined, Contender | undefined])[],
): void {
  print(`\n${fault} to WITHDRAW on the wire, ms:\n`);
  const heads = ["", "n", "median", "min", "max"];
  print(
    formatTable(
      heads,
      runs.map(({ contender, deaths }) => row(contender.name, deaths.map(totalMs))),
    ),
  );
  print("\nDifference at the same phase of the interval, ms (less than 0: anyctl was quicker):\n");
  const differencesOf = pairs.map(([ours, theirs]) => {
    const [a, b] = [ours, theirs].map(
      (one) => runs.find(({ contender }) => contender === one)?.deaths.map(totalMs) ?? [],
    );
    const differences = (a ?? []).map((ms, at) => ms - (b?.[at] ?? 0));
    const quicker = differences.filter((ms) => ms < 0).length;
    const ratio = median(b ?? []) / median(a ?? []);
    const name = `${ours?.name} - ${theirs?.name}`;
    return [
      ...row(name, differences),
      `${quicker} of ${differences.length}`,
      `${ratio.toFixed(1)} x`,
    ];
  });
  print(formatTable([...heads, "anyctl quicker", "of the medians"], differencesOf));
  for (const { contender, stage, deaths } of runs) {
    if (stage.program === "anyctl") reportParts(contender.name, deaths);
  }
}

/** Where the time goes. */
function reportParts(name: string, deaths: readonly Death[]): void {
  const parts = deaths.flatMap(({ brokenAtMs, withdrawnAtMs, decision }) => {
    if (decision === undefined) return [];
    const { decidedAtMs, detectMs, writeMs, ackMs } = decision;
    const firstMs = decidedAtMs - detectMs - brokenAtMs;
    return { firstMs, detectMs, writeMs, ackMs, birdMs: withdrawnAtMs - decidedAtMs - writeMs };
  });
  print(`\nWhere the time goes, ${name}, ms:\n`);
  print(
    formatTable(
      ["", "n", "median", "min", "max"],
      [
        row(
          "to the first contrary result, or the event",
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

export function reportWrites(stages: readonly Stage[]): void {
  const decisions = stages
    .filter(({ program }) => program === "anyctl")
    .flatMap(({ pop }) => decisionsIn(pop.exabgp.agentLog.lines()));
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

function totalMs({ brokenAtMs, withdrawnAtMs }: Death): number {
  return withdrawnAtMs - brokenAtMs;
}
