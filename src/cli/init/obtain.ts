/** From what was typed to all the answers. */
import { CommandError } from "../exit.ts";
import type { CommandIo } from "../io.ts";
import { QUESTIONS, type Answers } from "./answers.ts";
import { flagOf, interview, type Outcome } from "./interview.ts";
import { readPassword } from "./md5.ts";
import { thisHost } from "./uplink.ts";

/** @throws {CommandError} When the file with the password cannot be used. */
export function readGiven(args: Readonly<Record<string, unknown>>, io: CommandIo): Answers {
  const given: Record<string, readonly string[]> = {};
  for (const { key } of QUESTIONS) {
    const value = args[flagOf(key).slice("--".length)];
    if (typeof value === "string") given[key] = [value];
    else if (Array.isArray(value)) given[key] = value.map(String);
  }
  const [file] = given["md5-password"] ?? [];
  if (file === undefined) return given;
  const path = file.startsWith("/") ? file : `${io.cwd()}/${file}`;
  return { ...given, "md5-password": [readPassword(path)] };
}

/**
 * Asks only where something is missing that nobody can suggest, and somebody sits there; then for all that was not given.
 *
 * @throws {CommandError} `usage` when something is wrong or missing; `refused` when interrupted.
 */
export async function obtainAnswers(
  given: Answers,
  io: CommandIo,
  interruption: AbortSignal,
): Promise<Outcome> {
  const host = thisHost();
  const outcome = await interview(given, host, undefined);
  if (outcome.missing.length === 0) return outcome;
  const dialogue = await io.dialogue?.();
  if (dialogue === undefined) {
    const flags = outcome.missing.join(", ");
    const why = "there is no terminal to ask for what is missing";
    throw new CommandError("usage", `Missing ${flags} of "anyctl init": ${why}`);
  }
  const end = (): void => dialogue.close();
  interruption.addEventListener("abort", end, { once: true });
  try {
    return await interview(given, host, dialogue);
  } finally {
    interruption.removeEventListener("abort", end);
    dialogue.close();
  }
}
