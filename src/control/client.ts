/** Asks the agent of this host. */
import { request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Timers } from "../../checks/timers.ts";
import { whyPath, type Explanation, type Subject } from "./explanation.ts";
import { ORDER_HEADERS } from "./orders.ts";
import type { Status } from "./protocol.ts";

/** What kept the agent from answering. */
export type UnreachableCode =
  | "no-socket"
  | "refused"
  | "permission"
  | "timeout"
  | "closed"
  | "wrong-answer"
  | "failed";

/** No status could be had. The message says why, in one line. */
export class AgentUnreachable extends Error {
  override readonly name = "AgentUnreachable";
  readonly code: UnreachableCode;

  constructor(code: UnreachableCode, socketPath: string, why: string, cause?: unknown) {
    super(`The agent does not answer on ${JSON.stringify(socketPath)}: ${why}`, { cause });
    this.code = code;
  }
}

/** A status with thousands of services, checks and prefixes has a few MB. */
const ANSWER_MAX_BYTES = 32 * 1024 * 1024;

/**
 * `GET /v1/status`.
 *
 * @param timeoutMs For everything, from connecting to the last byte.
 * @throws {AgentUnreachable}
 */
export async function getStatus(
  socketPath: string,
  timeoutMs: number,
  timers: Timers,
): Promise<Status> {
  const { value } = await askAgent(socketPath, { path: "/v1/status" }, timeoutMs, timers);
  if (isStatus(value)) return value;
  throw new AgentUnreachable(
    "wrong-answer",
    socketPath,
    "the answer is not a status; perhaps the agent is of another version",
  );
}

/**
 * `GET /v1/services/NAME/why` or `GET /v1/prefixes/PREFIX/why`.
 *
 * @returns The explanation, or the sentence that says which names there are.
 * @throws {AgentUnreachable}
 */
export async function getWhy(
  socketPath: string,
  subject: Subject,
  timeoutMs: number,
  timers: Timers,
): Promise<Explanation | string> {
  const asked = { path: whyPath(subject), statuses: [404] };
  const { value } = await askAgent(socketPath, asked, timeoutMs, timers);
  if (isExplanation(value)) return value;
  if (hasTexts(value, ["error"])) return String(value["error"]);
  throw new AgentUnreachable("wrong-answer", socketPath, "the answer is no explanation");
}

function isExplanation(value: unknown): value is Explanation {
  return hasTexts(value, ["subject", "kind", "state", "reason", "text"]);
}

/** One request; a GET unless it has an `order`. */
export interface AgentRequest {
  readonly path: string;
  /** Sent as JSON. */
  readonly order?: unknown;
  /** Besides 200, the statuses whose answer is wanted; any other is an error. */
  readonly statuses?: readonly number[];
}

/**
 * Asks the agent whatever there is.
 *
 * @param timeoutMs For everything, from connecting to the last byte.
 * @returns What its answer says, of unknown shape.
 * @throws {AgentUnreachable}
 */
export async function askAgent(
  socketPath: string,
  asked: AgentRequest,
  timeoutMs: number,
  timers: Timers,
): Promise<{ readonly status: number; readonly value: unknown }> {
  const { status, text } = await exchange(socketPath, asked, timeoutMs, timers);
  try {
    return { status, value: JSON.parse(text) };
  } catch (error) {
    throw new AgentUnreachable("wrong-answer", socketPath, "the answer is not JSON", error);
  }
}

function exchange(
  socketPath: string,
  { path, order, statuses = [] }: AgentRequest,
  timeoutMs: number,
  timers: Timers,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const fail = (code: UnreachableCode, why: string, cause?: unknown) => {
      cancel();
      reject(new AgentUnreachable(code, socketPath, why, cause));
      asked.destroy();
    };
    const cancel = timers.after(timeoutMs, () => {
      fail("timeout", `it is there, but said nothing within ${timeoutMs} ms`);
    });
    const body = order === undefined ? undefined : JSON.stringify(order);
    const head = body === undefined ? {} : { method: "POST", headers: ORDER_HEADERS };
    // Not `socketPath`: with it node:http looks whether the host is an IPv6 address, which takes its first user 9 ms.
    const createConnection = () => connect(socketPath);
    const asked = request({ createConnection, path, ...head }, (response) => {
      const status = response.statusCode ?? 0;
      if (status !== 200 && !statuses.includes(status)) {
        fail("wrong-answer", `the answer has status ${status}`);
        return;
      }
      collect(response, (text) => {
        cancel();
        resolve({ status, text });
      });
    });
    asked.on("error", (error) => fail(...whyNot(error), error));
    asked.end(body);

    function collect(response: IncomingMessage, complete: (text: string) => void): void {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > ANSWER_MAX_BYTES) fail("wrong-answer", "the answer does not end");
      });
      response.on("error", (error) => fail(...whyNot(error), error));
      response.on("end", () => complete(Buffer.concat(chunks).toString("utf8")));
    }
  });
}

function whyNot(error: Error): [UnreachableCode, string] {
  const code = "code" in error ? String(error.code) : error.message;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return ["no-socket", "there is no such socket, so no agent runs with this configuration"];
    case "ECONNREFUSED":
      return ["refused", "nobody listens there any more; the agent that made the socket is dead"];
    case "EACCES":
    case "EPERM":
      return ["permission", "permission denied; the socket is for its owner and its group"];
    case "ECONNRESET":
    case "EPIPE":
      return ["closed", "it closed the connection without a complete answer"];
    default:
      return code.startsWith("HPE_")
        ? ["wrong-answer", "what answers there does not speak HTTP"]
        : ["failed", code];
  }
}

/** As much of the shape as people's commands read, so that a stranger's answer is an error and no crash. */
function isStatus(value: unknown): value is Status {
  return (
    hasTexts(value, ["pop"]) &&
    hasTexts(value["agent"], ["version", "since"]) &&
    hasTexts(value["config"], ["path", "hash", "origin"]) &&
    hasTexts(value["exabgp"], ["phase"]) &&
    isListOf(value["services"], isService) &&
    isListOf(value["sessions"], (session) => hasTexts(session, ["neighbor", "state"])) &&
    isListOf(value["drains"], (drain) => hasTexts(drain, ["service", "reason", "by"])) &&
    isListOf(value["pins"], (pin) => hasTexts(pin, ["service", "reason", "by"])) &&
    isListOf(value["problems"], (problem) => hasTexts(problem, ["word", "detail"]))
  );
}

function isService(value: unknown): boolean {
  return (
    hasTexts(value, ["name", "state", "reason", "since"]) &&
    isListOf(value["routes"], isRoute) &&
    isListOf(value["checks"], (check) => hasTexts(check, ["name", "type", "verdict", "since"]))
  );
}

const NEIGHBOR_TEXTS = ["neighbor", "session", "wanted", "accepted", "held", "sent"];

function isRoute(value: unknown): boolean {
  return (
    hasTexts(value, ["prefix", "wanted", "told", "answer"]) &&
    isListOf(value["sent"], (update) => hasTexts(update, ["neighbor", "action"])) &&
    isListOf(value["neighbors"], (one) => hasTexts(one, NEIGHBOR_TEXTS))
  );
}

function hasTexts(value: unknown, keys: readonly string[]): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return keys.every((key) => typeof Reflect.get(value, key) === "string");
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}
