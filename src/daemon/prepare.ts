/** What comes before the agent: its command line, its surroundings, its log. */
import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { type AgentArguments, parseArguments } from "./arguments.ts";
import { systemClock as clock } from "./clock.ts";
import { limitHeapGrowth } from "./heap.ts";
import { journalFolder } from "./journal-place.ts";
import { createLog, type Log } from "./log.ts";

const NOT_BY_HAND = `anyctl agent is run by ExaBGP, which reads commands from its standard output.
Put this into exabgp.conf, and see \`anyctl --help\` for what to type by hand:

  process anyctl { run /usr/bin/anyctl agent --config /etc/anyctl/anyctl.yaml; encoder json; }
`;

/** What an agent needs before it can read its configuration. */
export interface Prepared {
  readonly configPath: string;
  readonly log: Log;
  readonly hasJournal: boolean;
}

/**
 * @param argv What follows `agent` on the command line.
 * @returns Undefined when the command line is wrong: that was said, and the exit status is set.
 */
export function prepare(argv: readonly string[]): Prepared | undefined {
  if (isatty(0) || isatty(1)) {
    writeSync(2, NOT_BY_HAND);
    process.exit(1);
  }
  let wanted: AgentArguments;
  try {
    wanted = parseArguments(argv, process.env);
  } catch (error) {
    writeSync(2, `anyctl agent: ${error instanceof Error ? error.message : String(error)}\n`);
    // Not at once: ExaBGP would start it again at once, and end at its sixth death. bin/anyctl waits.
    process.exitCode = 2;
    return undefined;
  }
  // ExaBGP's own is 0137: folders made under it could not be entered.
  process.umask(0o027);
  limitHeapGrowth();
  delete process.env["exabgp_cli_pipe"];
  const journal = journalFolder(process.env);
  const log = createLog(clock, wanted.logLevel, journal && `${journal}/stdout`);
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "agent crashes");
    process.exit(1);
  });
  return { configPath: wanted.configPath, log, hasJournal: journal !== undefined };
}
