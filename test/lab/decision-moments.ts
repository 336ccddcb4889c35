/** A decision of the agent on the wall clock, for a timeline. */
import { z } from "zod";
import type { AuditLine } from "./audit-line.ts";
import type { Pop } from "./pop.ts";
import type { Moment } from "./timeline.ts";

/** What the agent and ExaBGP did, on the wall clock: a record has the time of the decision and durations. */
export function momentsOfDecision(line: AuditLine, writeMs: number) {
  const { at, detectMs = 0, ackMs = 0, from = "", to = "", reason, evidence = "" } = line;
  const decidedAtMs = Date.parse(at);
  const writtenAtMs = decidedAtMs + writeMs;
  const doneAtMs = writtenAtMs + ackMs;
  const moments: Moment[] = [
    { atMs: decidedAtMs - detectMs, who: "agent", what: `first failed probe: ${evidence}` },
    { atMs: decidedAtMs, who: "agent", what: `decided: ${from} -> ${to} (${reason})` },
    ...line.commands.map((it) => ({ atMs: writtenAtMs, who: "agent", what: `wrote: ${it}` })),
    { atMs: doneAtMs, who: "ExaBGP", what: line.ack ?? "no answer" },
  ];
  return { moments, writtenAtMs, doneAtMs };
}

/** From the decision to the last line written: the agent's log has it, the record has not. */
export function writeMsOf(pop: Pop, { seq }: AuditLine): number {
  for (const line of pop.exabgp.agentLog.lines()) {
    const logged = DecisionLogLine.safeParse(parseJson(line));
    if (logged.success && logged.data.seq === seq) return logged.data.writeMs;
  }
  return 0;
}

const DecisionLogLine = z.looseObject({
  msg: z.literal("decision"),
  seq: z.number(),
  writeMs: z.number(),
});

/** Python's words may be among the lines: ExaBGP shares the file. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
