/** One drain file: whatever is in it, it drains, unless it says clearly that it ends a drain. */
import { constants, type Stats } from "node:fs";
import { lstat, open } from "node:fs/promises";
import type { Drain, Undrain } from "../core/inputs.ts";
import { actorOf } from "./actors.ts";
import { codeOf, parseObject } from "./untrusted.ts";

/** A reason may have 1 KiB; with everything else, and JSON's escapes, a file stays far below this. */
const FILE_MAX_BYTES = 16 * 1024;

/** Enough to say who and why; a drain is also shown on terminals and in the journal. */
const REASON_MAX_CHARS = 1024;

export type DrainFile =
  | { readonly kind: "drain"; readonly drain: Drain }
  | { readonly kind: "undrain"; readonly undrain: Undrain };

/**
 * Reads the drain file at `path` for `service`.
 *
 * @returns undefined when the file is gone. One that cannot be read, parsed or trusted is a drain with a
 * `problem`; links are not followed and nothing but a regular file is opened.
 */
export async function readDrainFile(path: string, service: string): Promise<DrainFile | undefined> {
  let stats: Stats;
  try {
    stats = await lstat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    return asDrain({ service, problem: `cannot be seen: ${codeOf(error)}` });
  }
  const by = actorOf(stats.uid);
  if (!stats.isFile()) return asDrain({ service, by, problem: "is not a regular file" });
  let text: string;
  try {
    text = await readBounded(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    return asDrain({ service, by, problem: `cannot be read: ${codeOf(error)}` });
  }
  const problem = (stats.mode & 0o002) === 0 ? undefined : "is writable by everybody";
  return parse(text, { service, by, problem });
}

function parse(text: string, known: Partial<Drain> & { service: string }): DrainFile {
  // What `touch` makes.
  if (text.trim() === "") return asDrain(known);
  let content: Record<string, unknown>;
  try {
    content = parseObject(text);
  } catch {
    return asDrain({ ...known, problem: "is not a JSON object" });
  }
  const { undrain, reason, since } = content;
  const told = typeof reason === "string" ? reason.slice(0, REASON_MAX_CHARS) : "";
  if (undrain === true && known.problem === undefined) {
    return {
      kind: "undrain",
      undrain: { service: known.service, by: known.by ?? "unknown", reason: told },
    };
  }
  const date = typeof since === "string" && !Number.isNaN(Date.parse(since)) ? since : undefined;
  return asDrain({ ...known, reason: told, since: date });
}

function asDrain(known: Partial<Drain> & { service: string }): DrainFile {
  return { kind: "drain", drain: drainOf(known) };
}

/** A drain of which nothing is known but what is given. */
export function drainOf(known: Partial<Drain> & { service: string }): Drain {
  const nothing = {
    kind: "operator",
    reason: "",
    by: "unknown",
    since: undefined,
    until: undefined,
    problem: undefined,
    startedMs: 0,
    endsAtMs: undefined,
    gracefulMs: undefined,
    transient: false,
  } as const;
  return { ...nothing, ...known };
}

async function readBounded(path: string): Promise<string> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags);
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(FILE_MAX_BYTES),
      0,
      FILE_MAX_BYTES,
      0,
    );
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
