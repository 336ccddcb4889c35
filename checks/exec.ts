/** `exec`: runs a program; passes when it ends with status 0 and, where one is expected, said the right thing. */
import { z } from "zod";
import type { ProbeContext } from "./context.ts";
import { run, type Run } from "./exec-run.ts";
import { createVeil } from "./exec-veil.ts";
import { mistakeInBodyTest, parseBodyTest } from "./http-expect.ts";
import type { Listen } from "./listen.ts";
import { isPath, PATH_BYTES_MAX } from "./path.ts";
import { fail, inconclusive, pass, type Probe, type Result } from "./probe.ts";
import { watchFile } from "./trigger.ts";

/** More is a script, and belongs into a file. */
const WORDS_MAX = 64;
const WORD_MAX = 4096;

const VARIABLES_MAX = 64;
const VALUE_MAX = 1024;

const EXPECTED_MAX = 1024;

/** All that a program finds in its environment, beside `env`: nothing of ExaBGP's, nothing of the agent's. */
const ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LANG: "C",
} as const;

const COMMAND_ALLOWED =
  "must be a list: an absolute path, then its arguments, as in [/usr/local/bin/check, --fast]; there is no shell";

const Word = z
  .string("must be text; quote numbers and words such as yes")
  .max(WORD_MAX, `must be at most ${WORD_MAX} characters`)
  .refine(isWithoutNul, "must not hold a NUL character");

const PATH_ALLOWED = `must be an absolute path of at most ${PATH_BYTES_MAX} bytes`;

const Path = z.string(PATH_ALLOWED).refine((path) => isPath(path), PATH_ALLOWED);

export const ExecCheck = z.strictObject({
  type: z.literal("exec"),
  command: z
    .tuple([Path], COMMAND_ALLOWED)
    .rest(Word)
    .refine((words) => words.length <= WORDS_MAX, `must have at most ${WORDS_MAX} entries`)
    .describe(
      "What to run: the program's absolute path, then its arguments, each as it is; there is no shell. [required]",
    ),
  env: z
    .record(
      z.string().regex(/^[A-Za-z_]\w{0,255}$/, "must be a name: letters, digits and underscores"),
      z
        .string("must be text; quote numbers and words such as yes")
        .max(VALUE_MAX, `must be at most ${VALUE_MAX} characters`)
        .refine(isWithoutNul, "must not hold a NUL character"),
    )
    .refine(
      (env) => Object.keys(env).length <= VARIABLES_MAX,
      `must have at most ${VARIABLES_MAX} variables`,
    )
    .default({})
    .describe(
      "Variables, name to value, beside PATH and LANG, which it may replace; values are never logged. [none]",
    ),
  cwd: Path.default("/").describe("Folder to run it in. [/]"),
  "expect-output": z
    .string()
    .min(1, "must not be empty")
    .max(EXPECTED_MAX, `must be at most ${EXPECTED_MAX} characters`)
    .superRefine((text, context) => {
      const mistake = mistakeInBodyTest(text);
      if (mistake !== undefined) context.addIssue({ code: "custom", message: mistake });
    })
    .optional()
    .describe(
      "Text that its standard output contains, or /regex/ or /regex/i that it matches, in the first 4 KiB. [any output]",
    ),
  trigger: Path.optional().describe(
    "File that may be absent: the program is run at once when it is written, made, replaced or removed. [none]",
  ),
});
export type ExecCheck = z.infer<typeof ExecCheck>;

/** A program that waited longer than this part of its own time for a place was not given its time. */
const WAIT_PART_MAX = 1 / 4;

export function createExecProbe(spec: ExecCheck, { programs, timers }: ProbeContext): Probe {
  const { command, cwd } = spec;
  const program = { command, cwd, env: { ...ENVIRONMENT, ...spec.env } };
  const expected = spec["expect-output"];
  const isExpected = expected === undefined ? () => true : parseBodyTest(expected);
  const veil = createVeil(Object.values(spec.env));
  let isSlow = false;

  return async (signal) => {
    const askedMs = timers.nowMs();
    const leave = await programs.enter(isSlow, signal);
    if (leave === undefined) {
      const running = `${programs.taken} other programs of checks were running`;
      return inconclusive("no-processes", `not started in time: ${running}`);
    }
    const startedMs = timers.nowMs();
    const made = await run(program, signal, timers, leave);
    isSlow = made.end.how === "aborted";
    const waitedMs = startedMs - askedMs;
    const ranMs = timers.nowMs() - startedMs;
    if (isSlow && waitedMs > ranMs * WAIT_PART_MAX) {
      const times = `ran for ${Math.round(ranMs)} ms after ${Math.round(waitedMs)} ms of waiting for other programs`;
      return inconclusive("no-processes", `time was over: ${times}`);
    }
    return judge(made);
  };

  function judge({ end, stdout, stderr }: Run): Result {
    const [out, err] = [stdout, stderr].map((said) => firstLine(veil(said)));
    switch (end.how) {
      case "not-started":
        return judgeStart(end.error, command[0]);
      case "aborted":
        return fail("timeout", withLine("still running when time was over", err || out));
      case "killed":
        return fail("killed", withLine(`killed by ${end.by}`, err || out));
      case "exited":
        if (end.status !== 0) {
          return fail("exit-status", withLine(`exit status ${end.status}`, err || out));
        }
        return isExpected(stdout.toString("utf8"))
          ? pass(withLine("exit status 0", out || err))
          : fail("wrong-answer", withLine("the output is not the expected one", out || err));
    }
  }
}

export function listenExec({ trigger }: ExecCheck, { timers }: ProbeContext): Listen | undefined {
  return trigger === undefined ? undefined : watchFile(trigger, timers);
}

/** Passes with time, without anybody mending anything. */
const TRANSIENT: ReadonlySet<string> = new Set(["EAGAIN", "ENOMEM", "ENOBUFS", "ETXTBSY"]);

/** What the kernel says about a program that is not there (execve(2)). */
const NOT_THERE: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "EISDIR",
]);

/**
 * A program that is not there is a failure, as a file or a unit that is not there: else its service would stay
 * announced, judged by nobody.
 */
function judgeStart(error: unknown, path: string): Result {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "EMFILE" || code === "ENFILE") {
    return inconclusive("no-descriptors", `cannot run ${path}: ${code}`);
  }
  if (TRANSIENT.has(code)) return inconclusive("no-processes", `cannot run ${path}: ${code}`);
  if (code === "EACCES" || code === "EPERM") {
    return inconclusive("no-permission", `may not run ${path}: ${code}`);
  }
  // With ENOENT also its interpreter, or `cwd`.
  if (NOT_THERE.has(code)) return fail("not-found", `cannot run ${path}: ${code}`);
  throw error;
}

function withLine(what: string, line: string | undefined): string {
  return line === undefined || line === "" ? what : `${what}: ${line}`;
}

function firstLine(text: string): string | undefined {
  return text
    .split("\n")
    .map((line) => line.trim())
    .find((line) => line !== "");
}

function isWithoutNul(text: string): boolean {
  return !text.includes("\0");
}
