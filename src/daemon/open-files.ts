/** How many descriptors this process may have, and how many attempts may therefore be under way. */
import { readFileSync } from "node:fs";

/**
 * For all that is no attempt: Node.js itself has 20, and there are the journal, the folders that are watched, files
 * being written, and clients of the control socket and the HTTP listener.
 */
const RESERVE = 64;

/**
 * A thousand checks with the default timings that all hang need 500. More would only be memory, about 60 KiB for
 * each HTTP request.
 */
const PLACES_MAX = 800;

/** Without any the agent would be blind; each is over in milliseconds as a rule. */
const PLACES_MIN = 4;

/** What is polled only is seen all the same; who has no place is not. */
const HELD_PART = 1 / 2;

/**
 * All may be held by one server, and end in one turn of the event loop, which takes 0.3 ms for each: that must be far
 * from what the dead-man's switch takes for a loop that is blocked, on a busy host too.
 */
const HELD_MAX = 500;

/** As few checks may watch in any case. */
const HELD_MIN = 4;

/**
 * The soft limit; Node.js has raised it to the hard one at its start.
 *
 * @returns Infinity where there is none, or nobody knows.
 */
export function openFilesMax(): number {
  try {
    const text = readFileSync("/proc/self/limits", "latin1");
    return Number(/^Max open files +(\d+)/m.exec(text)?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}

/** How many descriptors may be kept between attempts, by connections that checks watch. */
export function heldMaxOf(filesMax: number): number {
  const partMax = Math.floor((filesMax - RESERVE) * HELD_PART);
  return Math.min(HELD_MAX, Math.max(HELD_MIN, partMax));
}

/** @param kept Descriptors that listeners keep. */
export function placesOf(filesMax: number, kept: number): number {
  return Math.min(PLACES_MAX, Math.max(PLACES_MIN, filesMax - RESERVE - kept));
}
