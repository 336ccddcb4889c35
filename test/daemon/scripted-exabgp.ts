/** The agent as a process, and this test in the place of ExaBGP 4.2: it reads commands and answers as told. */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { AgentUnreachable, getStatus } from "../../src/control/client.ts";
import type { AuditRecord } from "../../src/control/audit-record.ts";
import type { Status } from "../../src/control/protocol.ts";
import { StatusSchema } from "../../src/control/status-schema.ts";
import { systemTimers } from "../../checks/timers.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { waitUntil } from "../lab/wait.ts";

export const ANYCTL = fileURLToPath(new URL("../../../bin/anyctl", import.meta.url));

const SUMMARY = "Peer            AS        up/down state       |     #sent     #recvd\n";

export interface Site {
  readonly folder: string;
  readonly stateDir: string;
  readonly configPath: string;
  /** The port of the service; its listener is up. */
  readonly service: Server;
  readonly port: number;
  /** Ended, and waited for, before the folder is removed. */
  readonly children: ChildProcess[];
  writeConfig(text: string): void;
  drain(service: string, text: string): void;
  audit(): AuditRecord[];
}

/** A service that listens and a configuration that names it `web`, with prefix 192.0.2.0/24. */
export async function createSite(context: TestContext): Promise<Site> {
  const children: ChildProcess[] = [];
  // Registered before the folder: it cannot be removed while somebody writes into it.
  context.after(() => Promise.all(children.map(end)));
  const folder = temporaryFolder(context);
  const stateDir = join(folder, "state");
  const configPath = join(folder, "anyctl.yaml");
  const service = createServer((socket: Socket) => socket.on("error", () => {}).resume());
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  context.after(() => service.close());
  const address = service.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const head = `pop: test1\nstate-dir: ${stateDir}\nsocket: ${join(folder, "agent.sock")}\n`;
  mkdirSync(join(stateDir, "drains"), { recursive: true });
  const site: Site = {
    folder,
    stateDir,
    configPath,
    service,
    port,
    children,
    writeConfig: (text) => writeFileSync(configPath, head + text),
    drain(name, text) {
      // As `anyctl drain` does: a file that is still empty is a drain already, without its reason.
      const temporary = join(stateDir, "drains", `.${name}`);
      writeFileSync(temporary, text);
      renameSync(temporary, join(stateDir, "drains", name));
    },
    audit() {
      const file = join(stateDir, "audit.jsonl");
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
      return lines.map((line) => JSON.parse(line) as AuditRecord);
    },
  };
  site.writeConfig(webConfig(port));
  return site;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

export function webConfig(port: number, prefix = "192.0.2.0/24"): string {
  return `defaults: { interval: 100ms, timeout: 100ms, rise: 2, fall: 2 }
services:
  web:
    prefixes: [${prefix}]
    scope: local
    checks: { port: { type: tcp, host: 127.0.0.1, port: ${port} } }
`;
}

export interface Place {
  readonly wrap?: readonly string[];
  /** The agent's program; default: this repository's. */
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * It has no session, its prefixes no address on this host, and the host may be so busy that the agent stands still:
 * what the agent rightly says is not what is tested.
 */
const OF_THE_SCENE = new Set(["address-missing", "all-sessions-down", "session-down", "stalled"]);

export class ScriptedExabgp {
  readonly child: ChildProcessWithoutNullStreams;
  /** Everything that the agent wrote to stdout, byte for byte. */
  stdout = Buffer.alloc(0);
  stderr = "";
  /** What a route command is answered with; undefined: nothing. */
  answer: (line: string) => string | undefined = () => "done\n";
  /** Lines of `show neighbor summary`: one that is missing is down. */
  sessions = "";
  /** What it is configured with: address and families of each. */
  neighbors: readonly (readonly string[])[] = [];
  readonly #site: Site;
  /** What it lists, by prefix: what it was told by lines of their own, and said `done` to. */
  readonly #held = new Map<string, string>();
  #partial = "";

  /** @param place What runs the agent elsewhere, and what it finds there in its environment. */
  constructor(site: Site, args: readonly string[] = [], place: Place = {}) {
    this.#site = site;
    const { wrap = [], program = ANYCTL } = place;
    const argv = [...wrap, program, "agent", "--config", site.configPath, ...args];
    this.child = spawn(argv[0] ?? "", argv.slice(1), {
      env: { PATH: process.env["PATH"], exabgp_cli_pipe: "/nowhere", ...place.env },
    });
    site.children.push(this.child);
    this.child.stdin.on("error", () => {});
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.child.stdout.on("data", (bytes: Buffer) => this.#read(bytes));
  }

  /** Announcements and withdrawals so far. */
  get commands(): string[] {
    const lines = this.stdout.toString("latin1").split("\n");
    return lines.filter((line) => /^(announce|withdraw) /.test(line));
  }

  async waitForCommands(count: number): Promise<string[]> {
    await waitUntil(`${count} commands`, () => this.commands.length >= count || undefined, {
      hint: this.stderr,
    });
    return this.commands;
  }

  waitForStatus(what: string, fits: (status: Status) => boolean): Promise<Status> {
    const socketPath = join(this.#site.folder, "agent.sock");
    return waitUntil(what, async () => {
      try {
        const all = await getStatus(socketPath, 5000, systemTimers);
        StatusSchema.parse(all);
        const problems = all.problems.filter(({ word }) => !OF_THE_SCENE.has(word));
        const status = { ...all, problems };
        return fits(status) ? status : undefined;
      } catch (error) {
        if (error instanceof AgentUnreachable) return undefined;
        throw error;
      }
    });
  }

  /** Resolves with the exit status or signal, and how long it took from now. */
  async exit(): Promise<{ status: number | string; tookMs: number }> {
    const beganMs = performance.now();
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return {
      status: child.exitCode ?? child.signalCode ?? "",
      tookMs: performance.now() - beganMs,
    };
  }

  #read(bytes: Buffer): void {
    this.stdout = Buffer.concat([this.stdout, bytes]);
    const lines = (this.#partial + bytes.toString("latin1")).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) {
      const answer = this.#answerTo(line);
      if (answer !== undefined) this.child.stdin.write(answer);
    }
  }

  #answerTo(line: string): string | undefined {
    if (line.startsWith(" #")) return "done\n";
    if (line === "system version") return "exabgp 4.2.21\ndone\n";
    if (line === "show neighbor summary") return `${SUMMARY}${this.sessions}done\n`;
    if (line === "show neighbor configuration")
      return `${this.neighbors.map(block).join("")}done\n`;
    const said = this.answer(line);
    if (said !== "done\n") return said;
    if (line === "show adj-rib out extensive") return [...this.#held.values(), said].join("");
    const [, verb, prefix = "", attributes = ""] = ROUTE_LINE.exec(line) ?? [];
    if (verb === "withdraw") this.#held.delete(prefix);
    if (verb === "announce") this.#held.set(prefix, listed(prefix, attributes));
    return said;
  }
}

const ROUTE_LINE = /^(announce|withdraw) route (\S+) (.*)$/;

/** As `show adj-rib out extensive` has it, for a neighbor without a session. */
function listed(prefix: string, attributes: string): string {
  const family = prefix.includes(":") ? "ipv6" : "ipv4";
  return `neighbor 198.51.100.1 local-ip 198.51.100.2 local-as 64496 peer-as 64515 router-id 198.51.100.2 family-allowed in-open ${family} unicast ${prefix} ${attributes}\n`;
}

function block([address, ...families]: readonly string[]): string {
  const list = families.map((family) => `    ${family} unicast;\n`).join("");
  return `neighbor ${address} {\n  local-as 64496;\n  family {\n${list}  }\n}\n`;
}
