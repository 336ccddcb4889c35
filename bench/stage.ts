/** A PoP and its router with one of the two health checkers under ExaBGP, and a view of every poll that arrives. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { followFile } from "../test/lab/line-log.ts";
import { createMiniLab, type MiniLab } from "../test/lab/mini-lab.ts";
import { childrenOf } from "../test/lab/process.ts";
import { POP_SESSION } from "../test/lab/region.ts";
import { waitUntil } from "../test/lab/wait.ts";
import {
  anyctlConfig,
  type BenchService,
  type BenchTiming,
  healthcheckConfig,
} from "./services.ts";

export const PROGRAMS = ["anyctl", "healthcheck"] as const;
export type Program = (typeof PROGRAMS)[number];

export interface StageOptions {
  readonly program: Program;
  readonly services: readonly BenchService[];
  readonly timing: BenchTiming;
}

export interface Stage extends MiniLab {
  readonly program: Program;
  /** The wall clock (ms) of the first HTTP poll answered after `sinceMs`; nginx wrote it down itself. */
  nextPoll(sinceMs: number): Promise<number>;
  /** The agent, or all of ExaBGP's health checkers. */
  checkerPids(): number[];
}

/** A hundred Python programs need their time to start on two cores. */
const START = { deadlineMs: 120_000, everyMs: 200 };

/** Resolves when every prefix is announced. */
export async function createStage({ program, services, timing }: StageOptions): Promise<Stage> {
  const mini = await createMiniLab({
    families: ["ipv4"],
    config: anyctlConfig(services, timing),
    startsWeb: false,
    startsExabgp: false,
  });
  try {
    const { lab, pop, transit } = mini;
    const pollsFile = join(pop.folder, "nginx", "polls.log");
    logPolls(join(pop.folder, "nginx", "nginx.conf"), pollsFile);
    const polls = followFile(pollsFile);
    // nginx's workers run as another user than its master.
    chmodSync(pollsFile, 0o666);
    lab.onRemove(() => polls.close());
    if (program === "healthcheck") {
      const files = services.map((service) => {
        const file = join(pop.folder, `${service.name}.conf`);
        writeFileSync(file, healthcheckConfig(service, timing));
        return { name: service.name, file };
      });
      const text = readFileSync(pop.exabgpConfigFile, "utf8");
      writeFileSync(pop.exabgpConfigFile, underHealthchecks(text, files));
    }
    await pop.web.start();
    await pop.exabgp.start();
    await waitUntil(
      `${services.length} routes`,
      async () =>
        (await transit.routeCount(POP_SESSION.ipv4)) === services.length ? true : undefined,
      { ...START, hint: pop.exabgp.agentLogFile },
    );
    return {
      ...mini,
      program,
      nextPoll: (sinceMs) =>
        polls.waitFor(
          "a poll",
          (line) => {
            const atMs = Number(line) * 1000;
            return atMs > sinceMs ? atMs : undefined;
          },
          { from: polls.lines().length },
        ),
      checkerPids: () => childrenOf(pop.exabgp.pid()),
    };
  } catch (error) {
    await mini.remove();
    throw error;
  }
}

/** One line per answer, written at once: its time in seconds with milliseconds. */
function logPolls(configFile: string, pollsFile: string): void {
  const text = readFileSync(configFile, "utf8");
  const quiet = "access_log off;";
  if (!text.includes(quiet)) throw new Error(`Cannot find "${quiet}" in ${configFile}`);
  const loud = `log_format poll "$msec"; access_log ${pollsFile} poll;`;
  writeFileSync(configFile, text.replace(quiet, loud));
}

/** exabgp.conf with ExaBGP's own checkers in place of the agent, and without the messages that they do not read. */
function underHealthchecks(
  text: string,
  files: readonly { readonly name: string; readonly file: string }[],
): string {
  const processes = files.map(
    ({ name, file }) =>
      `process ${name} {\n  run /usr/bin/python3 -m exabgp healthcheck --config ${file};\n  encoder text;\n}\n`,
  );
  const names = files.map(({ name }) => name).join(" ");
  return text
    .replace(/^process anyctl \{[^]*?^\}\n/m, processes.join(""))
    .replace(/^ {2}api \{[^]*?^ {2}\}\n/m, `  api {\n    processes [ ${names} ];\n  }\n`);
}
