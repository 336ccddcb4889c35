/** One run: a seed, what happens in it, and what came of it. */
import { createHash } from "node:crypto";
import { designPop } from "./blueprint.ts";
import { type Happening, happeningsOf, happeningText } from "./happenings.ts";
import { Oracle, type Violation } from "./oracle.ts";
import { Pop, type Witness } from "./pop.ts";

export interface RunOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** By default those of the seed. */
  readonly happenings?: readonly Happening[];
  /** Whether every line is kept, and not only their sum. */
  readonly isTold?: boolean;
}

export interface Outcome {
  readonly violation: Violation | undefined;
  readonly happenings: readonly Happening[];
  /** Of all that was said and done. */
  readonly hash: string;
  readonly lines: readonly string[];
  /** What was reached: a run in which nothing happens proves nothing. */
  readonly counts: Readonly<Record<string, number>>;
}

export async function run(options: RunOptions): Promise<Outcome> {
  const { seed, durationMs, isTold = false } = options;
  const { blueprint, exabgp } = designPop(seed);
  const happenings = options.happenings ?? happeningsOf(seed, durationMs, blueprint, exabgp);
  const sum = createHash("sha256");
  const lines: string[] = [];
  const kinds: Partial<Record<Happening["kind"], number>> = {};
  const counts = { lines: 0, updates: 0, results: 0, decisions: 0, lives: 0, happenings: 0 };
  let pop: Pop;
  const say = (mark: string, text: string): void => {
    const line = `${clock(pop.world.elapsedMs)} ${mark} ${text}`;
    sum.update(line).update("\n");
    if (isTold) lines.push(line);
  };
  const oracle = new Oracle(() => pop, blueprint.reconcileMs);
  const witness: Witness = {
    happened(happening) {
      counts.happenings += 1;
      const { kind } = happening;
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      say("*", happeningText(happening));
      oracle.happened(happening);
    },
    began(life) {
      counts.lives += 1;
      say("*", `the agent starts under ExaBGP's ${life.exabgpLife}`);
      oracle.began(life);
    },
    wrote(life, line) {
      counts.lines += 1;
      // Its comment is another each time.
      say(">", line.startsWith(" #") ? " # nonce" : line);
      oracle.wrote(life, line);
    },
    recorded({ service = "", from, to, reason, ack, prefixes }) {
      counts.decisions += 1;
      oracle.recorded(reason);
      say("=", [service, from, "->", to, reason, ack, prefixes.length].join(" "));
    },
    sent(update, had) {
      counts.updates += 1;
      const { neighbor, action, prefix, attributes } = update;
      say("~", `UPDATE to ${neighbor}: ${action} ${prefix} ${attributes}`);
      oracle.sent(update, had);
    },
    routed(line, prefixes, answer) {
      say("<", `${answer} (${line.split(" ", 1).join()} ${prefixes.join(" ")})`);
    },
    malformed: (line) => oracle.malformed(line),
    session(neighbor, isUp) {
      say("~", `session to ${neighbor} ${isUp ? "up" : "down"}`);
      oracle.session();
    },
    saw(life, port, outcome) {
      counts.results += 1;
      if (life === pop.life) oracle.saw(port, outcome);
    },
    restarted() {
      say("*", "systemd has had no ping for too long: ExaBGP is started anew");
      oracle.restarted();
    },
    looked: () => oracle.looked(),
  };
  pop = new Pop(seed, witness);
  try {
    await pop.run(happenings, durationMs, () => oracle.violation !== undefined);
    if (oracle.violation === undefined) oracle.ended();
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const violation = { promise: "alive" as const, detail, atMs: pop.world.elapsedMs };
    return { violation, happenings, hash: sum.digest("hex"), lines, counts };
  }
  const { violation, tried } = oracle;
  const reached = { ...counts, ...kinds, ...tried };
  return { violation, happenings, hash: sum.digest("hex"), lines, counts: reached };
}

/** `0:12:03.456`. */
export function clock(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const [hours, minutes, seconds] = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60];
  const rest = String(Math.floor(ms % 1000)).padStart(3, "0");
  return `${Math.floor(hours)}:${two(minutes)}:${two(seconds)}.${rest}`;
}
