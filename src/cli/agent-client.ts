/** The agent as commands ask it. */
import { AgentUnreachable, getStatus, getWhy } from "../control/client.ts";
import type { Explanation, Subject } from "../control/explanation.ts";
import type { Status } from "../control/protocol.ts";
import { CommandError } from "./exit.ts";
import type { CommandIo } from "./io.ts";

/** The agent answers in milliseconds; one that takes longer is blocked. */
const ANSWER_MAX_MS = 2000;

/** What to do about an agent that does not answer, by what is known about it. */
const ADVICE: Readonly<Record<AgentUnreachable["code"], string>> = {
  "no-socket": "is ExaBGP running, and is this the agent's configuration (--config)?",
  refused: "is ExaBGP running? It respawns an agent that has died",
  permission: "use sudo, or join the group of the socket",
  timeout: "the agent is stopped or blocked: see its log, and ExaBGP's",
  closed: "see the agent's log",
  "wrong-answer": "is it anyctl that listens there, and of this version?",
  failed: "see the agent's log",
};

/** @throws {CommandError} `unreachable` */
export async function askStatus(socketPath: string, io: CommandIo): Promise<Status> {
  const answer = await tryStatus(socketPath, io);
  if (answer instanceof AgentUnreachable) throw unreachable(answer);
  return answer;
}

/** @throws {CommandError} `unreachable`, or `refused` when there is no such thing */
export async function askWhy(
  socketPath: string,
  subject: Subject,
  io: CommandIo,
): Promise<Explanation> {
  let told: Explanation | string;
  try {
    told = await getWhy(socketPath, subject, ANSWER_MAX_MS, io.timers);
  } catch (error) {
    throw error instanceof AgentUnreachable ? unreachable(error) : error;
  }
  if (typeof told === "string") throw new CommandError("refused", told);
  return told;
}

/** What went wrong, and what to do about it. */
export function unreachable(error: AgentUnreachable): CommandError {
  return new CommandError("unreachable", `${error.message}; ${ADVICE[error.code]}`, error);
}

/** The status, or why there is none. */
export async function tryStatus(
  socketPath: string,
  io: CommandIo,
): Promise<Status | AgentUnreachable> {
  try {
    return await getStatus(socketPath, ANSWER_MAX_MS, io.timers);
  } catch (error) {
    if (error instanceof AgentUnreachable) return error;
    throw error;
  }
}
