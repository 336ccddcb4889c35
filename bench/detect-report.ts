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
  /** Between two polls of a healthy service, in ms: what the phase of a kill is a part of. */
  readonly intervalMs: number;
}

/** One kill; times on the wall clock. */
export interface Death {
  readonly killedAtMs: number;
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

/** @param pairs Ours and theirs with the same settings, whose differences mean something. */
export function reportRuns(
  runs: readonly Runs[],
  pairs: readonly (readonly [Contender | undefined, Contender | undefined])[],
): void {
  print("Kill to WITHDRAW on the wire, ms:\n");
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
    return [...row(ours?.name ?? "", differences), `${quicker} of ${differences.length}`];
  });
  print(formatTable([...heads, "anyctl quicker"], differencesOf));
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
