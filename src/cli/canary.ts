/** `anyctl doctor --canary`: asks for the self-test of withdrawal, and tells each step. */
import { postCanary } from "../control/canary-client.ts";
import type { CanaryAnswer, CanaryStep } from "../control/canary-order.ts";
import { AgentUnreachable } from "../control/client.ts";
import { askStatus, unreachable } from "./agent-client.ts";
import { CommandError, EXIT, type ExitStatus } from "./exit.ts";
import type { CommandIo } from "./io.ts";
import type { Location } from "./location.ts";
import { folderOf } from "./order-folder.ts";
import { printable, printableJson } from "./printable.ts";
import { makeProof } from "./proof-file.ts";
import { table, type Cell } from "./table.ts";

const WORDS = {
  passed: "announced and withdrawn",
  "no-session": "no session is up, so nothing could be sent",
  unsent: "nobody was sent it: no session that takes it is up, so nothing is proved",
  refused: "ExaBGP has refused it",
  timeout: "ExaBGP has not answered in time, or has not taken back what it sent",
} as const;

/** @throws {CommandError} `refused` when it was not tried; `unreachable`, `timedOut` */
export async function runCanary(
  prefix: string,
  location: Location,
  json: boolean,
  io: CommandIo,
): Promise<ExitStatus> {
  // An agent that is stopped must not be waited for as long as one that waits for ExaBGP.
  await askStatus(location.socketPath, io);
  const told = await ask(prefix, location, io);
  if ("error" in told) throw new CommandError("refused", told.error);
  if (json) io.stdout(`${printableJson(told)}\n`);
  else io.stdout(toText(told, io.color));
  if (!isAccepted(told.prefix)) {
    const what = "most networks drop prefixes longer than /24 and /48";
    io.stderr(`anyctl: warning: ${told.prefix}: ${what}: a neighbor may have ignored it\n`);
  }
  if (told.outcome === "passed") return EXIT.done;
  return told.outcome === "timeout" ? EXIT.timedOut : EXIT.refused;
}

async function ask(prefix: string, location: Location, io: CommandIo) {
  const proof = await makeProof(folderOf(location, "drains"), false);
  try {
    const order = { prefix, ...(proof.name === undefined ? {} : { proof: proof.name }) };
    return await postCanary(location.socketPath, order, io.timers);
  } catch (error) {
    if (!(error instanceof AgentUnreachable)) throw error;
    if (error.code !== "timeout") throw unreachable(error);
    const message = `${error.message}; it withdraws the prefix all the same, see \`anyctl audit\``;
    throw new CommandError("timedOut", message, error);
  } finally {
    await proof.remove();
  }
}

function toText({ prefix, outcome, steps, sessions }: CanaryAnswer, color: boolean): string {
  const rows = steps.map(({ step, outcome: word, elapsedMs, ...more }): (Cell | string)[] => [
    step,
    { text: word, color: ["done", "sent"].includes(word) ? "green" : "yellow" },
    `${elapsedMs} ms`,
    aboutOf(more),
  ]);
  const lines = table([["STEP", "OUTCOME", "TOOK", "DETAIL"], ...rows], color);
  const known = sessions.map(({ neighbor, state }) => `${neighbor} ${state}`).join(", ");
  const about = `sessions: ${known === "" ? "none heard of" : known}`;
  return `${lines}\n${printable(about)}\n${printable(prefix)}: ${WORDS[outcome]}\n`;
}

function aboutOf({ line, neighbors, detail }: Partial<CanaryStep>): string {
  if (line !== undefined) return [line, detail ?? ""].join(" ").trim();
  if (neighbors === undefined) return detail ?? "";
  return neighbors.length === 0
    ? (detail ?? "ExaBGP does not tell what it sends")
    : `to ${neighbors.join(", ")}`;
}

/** RFC 7454 section 6.1.3. */
function isAccepted(prefix: string): boolean {
  const length = Number(prefix.split("/")[1]);
  return length <= (prefix.includes(":") ? 48 : 24);
}
