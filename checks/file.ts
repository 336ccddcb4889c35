/** `file`: passes when a file exists (or does not), is fresh, and has the expected content. */
import { stat } from "node:fs/promises";
import { z } from "zod";
import { resultOfError } from "./connect-error.ts";
import type { ProbeContext } from "./context.ts";
import {
  DURATION_PATTERN,
  durationsAllowed,
  formatDuration,
  isDuration,
  parseDuration,
} from "./duration.ts";
import { CONTENT_MAX_BYTES, createBoundedLook, kindOf, readStart } from "./file-look.ts";
import { mistakeInBodyTest, parseBodyTest, type BodyTest } from "./http-expect.ts";
import type { Listen } from "./listen.ts";
import { codeOf, forbidden, isForbidden, isPath, PATH_BYTES_MAX } from "./path.ts";
import { fail, pass, type Probe, type Result } from "./probe.ts";
import { watchFile } from "./trigger.ts";
import type { WallClock } from "./wall-clock.ts";

/** A pattern is compiled and shown in errors. */
const CONTENT_MAX = 1024;

/** File systems keep whole seconds, some two of them (FAT). */
const AGE_MIN_MS = 1000;

const AGE_ALLOWED = `must be ${durationsAllowed(AGE_MIN_MS)}`;

const PATH_ALLOWED = `must be an absolute path of at most ${PATH_BYTES_MAX} bytes`;

/** Nothing is there: path_resolution(7). */
const NOTHING = new Set(["ENOENT", "ENOTDIR"]);

/** Nothing can be reached there, or not any more: a disk or device that is gone, a mount whose other end is. */
const OUT_OF_REACH = new Set([
  "ELOOP",
  "ENAMETOOLONG",
  "ESTALE",
  "EIO",
  "ENXIO",
  "ENODEV",
  "ENOTCONN",
  "ECONNABORTED",
  "ETIMEDOUT",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "EREMOTEIO",
]);

/** Some files of /proc and /sys have nothing to read: not now, or never. */
const UNREADABLE = new Set(["EAGAIN", "EINVAL", "EOPNOTSUPP"]);

export const FileCheck = z
  .strictObject({
    type: z.literal("file"),
    path: z
      .string(PATH_ALLOWED)
      .refine((path) => isPath(path), PATH_ALLOWED)
      .describe("File to look at; symbolic links are followed. [required]"),
    exists: z
      .boolean()
      .default(true)
      .describe("Whether something must be at the path; with `false` nothing may be. [true]"),
    "max-age": z
      .string(AGE_ALLOWED)
      .regex(DURATION_PATTERN, { error: AGE_ALLOWED, abort: true })
      .refine((text) => isDuration(text, AGE_MIN_MS), AGE_ALLOWED)
      .optional()
      .describe("How long ago it may have been written at most (its mtime). [any]"),
    content: z
      .string()
      .min(1, "must not be empty")
      .max(CONTENT_MAX, `must be at most ${CONTENT_MAX} characters`)
      .superRefine((text, context) => {
        const mistake = mistakeInBodyTest(text);
        if (mistake !== undefined) context.addIssue({ code: "custom", message: mistake });
      })
      .optional()
      .describe(
        "Text that the file contains, or /regex/ or /regex/i that it matches, in its first 64 KiB. [the file is not read]",
      ),
    trigger: z
      .string(PATH_ALLOWED)
      .refine((path) => isPath(path), PATH_ALLOWED)
      .optional()
      .describe(
        "File on a local disk whose change starts probes at once; it may be `path`. [none]",
      ),
  })
  .superRefine((check, context) => {
    if (check.exists) return;
    for (const key of ["max-age", "content"] as const) {
      if (check[key] === undefined) continue;
      const message = "must be absent: exists is false";
      context.addIssue({ code: "custom", path: [key], message });
    }
  });
export type FileCheck = z.infer<typeof FileCheck>;

export function createFileProbe(spec: FileCheck, { wallClock, fileLooks }: ProbeContext): Probe {
  const { path, exists, content } = spec;
  const maxAge = spec["max-age"];
  const maxAgeMs = maxAge === undefined ? undefined : parseDuration(maxAge);
  const testContent = content === undefined ? undefined : parseBodyTest(content);

  return createBoundedLook(async (signal) => {
    try {
      const stats = await stat(path);
      if (!exists) return fail("exists", `${kindOf(stats)} is there`);
      const age = maxAgeMs === undefined ? undefined : judgeAge(stats.mtimeMs, maxAgeMs, wallClock);
      if (age !== undefined && age.outcome !== "pass") return age;
      if (testContent === undefined) return age ?? pass(kindOf(stats));
      const start = await readStart(path, signal);
      return judgeContent(start, testContent, age?.detail);
    } catch (error) {
      return resultOfFileError(error, exists);
    }
  }, fileLooks);
}

/** @returns Undefined: there is nothing to hear of. */
export function listenFile({ trigger }: FileCheck, { timers }: ProbeContext): Listen | undefined {
  return trigger === undefined ? undefined : watchFile(trigger, timers);
}

/** A date in the future is as wrong as one in the past: the file would else be fresh for ever. */
function judgeAge(mtimeMs: number, maxAgeMs: number, wallClock: WallClock): Result {
  const ageMs = wallClock.nowMs() - mtimeMs;
  const seconds = Math.round(Math.abs(ageMs) / 1000);
  // The two clocks may be some milliseconds apart.
  const isPast = ageMs >= 0 || seconds === 0;
  const seen = isPast ? `written ${seconds} s ago` : `written ${seconds} s in the future`;
  if (Math.abs(ageMs) <= maxAgeMs) return pass(seen);
  return wallClock.judge(fail("stale", `${seen}, at most ${formatDuration(maxAgeMs)}`));
}

/** @param start The start of the file, or what it is if it is no regular file. */
function judgeContent(start: Buffer | string, test: BodyTest, age: string | undefined): Result {
  if (typeof start === "string") return fail("wrong-content", `it is ${start}`);
  const limit = start.length === CONTENT_MAX_BYTES ? "the first " : "";
  const seen = `${limit}${start.length} bytes`;
  if (!test(start.toString())) return fail("wrong-content", `no match in ${seen}`);
  return pass(age === undefined ? seen : `${age}, ${seen}`);
}

/**
 * What an error of stat, open or read says about the file.
 *
 * @throws `error`, if it has no word.
 */
export function resultOfFileError(error: unknown, exists: boolean): Result {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (NOTHING.has(code)) return exists ? fail("not-found", message) : pass("nothing is there");
  if (OUT_OF_REACH.has(code)) return fail("not-found", message);
  if (UNREADABLE.has(code)) return fail("wrong-content", message);
  if (isForbidden(error)) return forbidden(error);
  const result = resultOfError(error);
  // The kernel is out of descriptors or memory; anything else is a bug of ours.
  if (result?.outcome === "inconclusive") return result;
  throw error;
}
