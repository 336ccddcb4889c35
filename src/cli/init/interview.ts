/** Flags first, then questions or suggestions for what they leave open. */
import type { Dialogue } from "../dialogue.ts";
import { CommandError } from "../exit.ts";
import { printable } from "../printable.ts";
import { quote } from "../quote.ts";
import { canonicalAddress } from "./addresses.ts";
import { QUESTIONS, type Answers, type Question, type QuestionKey } from "./answers.ts";
import { HIDDEN } from "./md5.ts";
import type { Host } from "./uplink.ts";

/** An answer that nobody gave, for whoever reads the summary. */
export interface Assumed {
  readonly key: QuestionKey;
  readonly values: readonly string[];
  readonly from: string;
}

export interface Outcome {
  readonly answers: Answers;
  readonly assumed: readonly Assumed[];
  /** Flags of what has no answer; empty after a dialogue. */
  readonly missing: readonly string[];
}

/** Longer than any right answer: it is not looked at. */
const ANSWER_MAX = 4096;

/** As many as a service may have prefixes. */
const ANSWERS_MAX = 5000;

/**
 * Suggestions take the place of questions where there is nobody to ask.
 *
 * @param given By flags.
 * @param dialogue Asks for everything that is not given; without it, suggestions are taken.
 * @throws {CommandError} `usage` with the first wrong answer; `refused` when interrupted.
 */
export async function interview(
  given: Answers,
  host: Host,
  dialogue: Dialogue | undefined,
): Promise<Outcome> {
  const answers: Answers = {};
  const assumed: Assumed[] = [];
  const missing: string[] = [];
  for (const question of QUESTIONS) {
    const { key } = question;
    const values = given[key];
    if (values !== undefined) {
      answers[key] = accept(question, values, answers);
      continue;
    }
    const suggestion = question.suggest?.(answers, host);
    if (dialogue !== undefined) {
      const typed = await askUntilRight(question, suggestion?.values, answers, dialogue);
      if (typed !== undefined) answers[key] = typed;
    } else if (suggestion !== undefined) {
      // A host name, say, need not be a name that may be used.
      answers[key] = accept(question, suggestion.values, answers);
      assumed.push({ key, ...suggestion });
    } else if (question.isOptional?.(answers) !== true) missing.push(flagOf(key));
  }
  return { answers, assumed, missing };
}

/** The flag of a question; the password is never on a command line. */
export function flagOf(key: QuestionKey): string {
  return key === "md5-password" ? "--md5-password-file" : `--${key}`;
}

/** @throws {CommandError} `usage` */
function accept(
  question: Question,
  values: readonly string[],
  answers: Answers,
): readonly string[] {
  const mistake = mistakeIn(question, values, answers);
  if (mistake !== undefined) {
    throw new CommandError("usage", `Cannot use ${flagOf(question.key)} ${mistake}`);
  }
  return normalize(question, values);
}

/** @returns `"300": must be a whole number from 3 to 90`. */
function mistakeIn(
  question: Question,
  values: readonly string[],
  answers: Answers,
): string | undefined {
  const show = (value: string): string => (question.isSecret === true ? HIDDEN : quote(value));
  if (question.isList !== true && values.length !== 1) return "more than once";
  if (values.length === 0 || values.length > ANSWERS_MAX) {
    return `${values.length} times: must be 1 to ${ANSWERS_MAX}`;
  }
  for (const value of values) {
    const mistake =
      value.length > ANSWER_MAX
        ? `must have at most ${ANSWER_MAX} characters`
        : question.judge(value, answers);
    if (mistake !== undefined) return `${show(value)}: ${mistake}`;
  }
  const mistake = question.judgeAll?.(normalize(question, values), answers);
  return mistake === undefined ? undefined : `${quote(values.join(", "))}: ${mistake}`;
}

function normalize({ key }: Question, values: readonly string[]): readonly string[] {
  return key === "peer" || key === "local-address" ? values.map(canonicalAddress) : values;
}

async function askUntilRight(
  question: Question,
  suggested: readonly string[] | undefined,
  answers: Answers,
  dialogue: Dialogue,
): Promise<readonly string[] | undefined> {
  const isOptional = question.isOptional?.(answers) === true;
  const hint = suggested?.join(", ") ?? (isOptional ? "none" : undefined);
  const prompt = `${question.text}${hint === undefined ? "" : ` [${printable(hint)}]`}: `;
  for (;;) {
    const line = await dialogue.ask(prompt, question.isSecret);
    if (line === undefined) {
      throw new CommandError("refused", "Interrupted: nothing was written");
    }
    const typed = splitAnswer(question, line);
    const values = typed.filter((value) => value !== "");
    if (values.length === 0 && suggested === undefined && isOptional) return undefined;
    const chosen = values.length === 0 ? suggested : values;
    const mistake = chosen === undefined ? "an empty answer" : mistakeIn(question, chosen, answers);
    if (mistake === undefined && chosen !== undefined) return normalize(question, chosen);
    dialogue.say(`Cannot use ${printable(mistake ?? "")}\n`);
  }
}

/** A URL may have commas. */
function splitAnswer({ key, isList }: Question, line: string): string[] {
  if (isList !== true) return [line.trim()];
  return line.split(key === "check" ? /\s+/ : /[\s,]+/);
}
