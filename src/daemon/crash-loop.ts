/**
 * The count of starts, of which a crash loop is made. It is kept by the host's monotonic clock, which no step of the date
 * moves. Imports nothing but Node.js and what does the same: it is loaded before anything that might crash.
 *
 * A count that cannot be kept delays nobody: a start that judges nothing would leave a dead service announced for
 * longer, at every start; and an agent that crashes without being counted ends its ExaBGP, which takes the PoP out.
 */
import { dirname } from "node:path";
import { makeFolder } from "../control/socket-file.ts";
import { exabgpLife } from "./life.ts";
import { judgeStart, type Stage, type Start, type StartVerdict } from "./start-verdict.ts";
import { readStarts, startsPath, writeStarts } from "./starts-file.ts";

/** So long a crash loop may tell systemd's watchdog that all is well; then ExaBGP is restarted, and the PoP is out. */
const LOOP_PINGS_MAX_MS = 120_000;

/** This start, as it was counted. */
export interface CountedStart extends StartVerdict {
  /** Why it was not counted. */
  readonly problem: string | undefined;
  /** When it has idled enough, and until when systemd may hear that it idles; milliseconds on `hostMs`. */
  readonly idlesUntilMs: number;
  readonly pingsUntilMs: number;
  /** It has come as far as deciding. */
  running(): void;
  /** It ends as it was told to: its end does not count. */
  clean(): void;
}

/** Milliseconds since the boot, the same for every process. */
export function hostMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

let counted: { readonly path: string; readonly start: CountedStart } | undefined;

/**
 * Counts the start of this process in the file beside the socket: once, however often it is called.
 *
 * @param makesFolder Whether its folder is made where it is missing.
 */
export function countStart(socketPath: string, makesFolder: boolean): CountedStart {
  const path = startsPath(socketPath);
  // Counted elsewhere, or not at all: whoever asked first may not have known where the socket is.
  if (counted?.path !== path || counted.start.problem !== undefined) {
    if (makesFolder) makeFolderOf(path);
    counted = { path, start: count(path, exabgpLife(), process.pid, hostMs()) };
  }
  return counted.start;
}

function makeFolderOf(path: string): void {
  try {
    makeFolder(dirname(path));
  } catch {
    // That there is none is said when the count cannot be written.
  }
}

/** @param life Names the ExaBGP above the process `pid`. */
export function count(path: string, life: string, pid: number, nowMs: number): CountedStart {
  const isOwn = (one: Start): boolean => one.pid === pid && one.life === life;
  const known = readStarts(path).filter((one) => !isOwn(one));
  const verdict = judgeStart(
    known.filter((one) => one.life === life),
    nowMs,
  );
  const { idleMs, loopSinceMs } = verdict;
  const own: Start = { life, pid, atMs: nowMs, idleMs, loopSinceMs, stage: "begun" };
  const problem = writeStarts(path, [...known, own]);
  const mark = (stage: Stage): void => {
    // In its place: the next one may have started already. What cannot be written now could not be before, mostly.
    const starts = readStarts(path);
    if (starts.some(isOwn)) {
      writeStarts(
        path,
        starts.map((one) => (isOwn(one) ? { ...own, stage } : one)),
      );
    }
  };
  return {
    ...verdict,
    problem,
    idlesUntilMs: nowMs + idleMs,
    pingsUntilMs: (loopSinceMs ?? nowMs) + LOOP_PINGS_MAX_MS,
    running: () => mark("running"),
    clean: () => mark("clean"),
  };
}
