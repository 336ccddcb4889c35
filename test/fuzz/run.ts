/** One target, so many cases. */
import fc from "fast-check";
import { RARE, type Target } from "./target.ts";

export interface RunOptions {
  readonly cases: number;
  readonly seed: number;
  /** Of one case, as a failure tells it. */
  readonly path?: string | undefined;
}

export interface Failure {
  readonly path: string;
  readonly input: string;
  readonly error: string;
}

export interface Report extends RunOptions {
  readonly name: string;
  readonly ran: number;
  readonly tookMs: number;
  readonly reached: Readonly<Record<string, number>>;
  readonly failure?: Failure;
}

/** More of an input is not shown: seed and path make it again. */
const SHOWN_MAX = 4000;

/** @param started Called before each case. */
export async function runTarget(
  { name, open }: Target,
  { cases, seed, path }: RunOptions,
  started: () => void = () => {},
): Promise<Report> {
  const { property, reached, close } = await open(started);
  const beganMs = performance.now();
  try {
    const parameters = { numRuns: cases, seed, ...(path === undefined ? {} : { path }) };
    const details = await fc.check(property, parameters);
    const tookMs = performance.now() - beganMs;
    const report = {
      name,
      cases,
      seed,
      path,
      ran: details.numRuns,
      tookMs,
      reached: { ...reached },
    };
    if (details.failed) {
      const [input] = details.counterexample ?? [];
      const error = messageOf(details.errorInstance);
      const shown = shorten(fc.stringify(input));
      return {
        ...report,
        failure: { path: details.counterexamplePath ?? "", input: shown, error },
      };
    }
    const rare = Object.entries(reached).filter(([, count]) => count < Math.floor(cases / RARE));
    if (rare.length === 0 || path !== undefined) return report;
    const error = `Too few cases came to: ${rare.map(([place, count]) => `${place} (${count})`).join(", ")}`;
    return { ...report, failure: { path: "", input: "", error } };
  } finally {
    await close();
  }
}

function messageOf(error: unknown): string {
  return shorten(error instanceof Error ? (error.stack ?? error.message) : String(error));
}

function shorten(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)} …` : text;
}
