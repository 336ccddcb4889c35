/** A real ExaBGP on loopback whose child is driven by the test. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { exabgpProgram } from "../lab/exabgp-program.ts";

/** Everything here takes milliseconds; this only keeps a broken test from hanging. */
const PATIENCE_MS = 10_000;

const CHILD = fileURLToPath(new URL("child.js", import.meta.url));

/** One life of the child. */
export class Child {
  readonly pid: number;
  /** Lines received and not taken yet. */
  readonly received: string[] = [];
  readonly #socket: Socket;
  #rest = "";
  #wake = (): void => {};

  constructor(pid: number, socket: Socket, first: string) {
    this.pid = pid;
    this.#socket = socket;
    this.#feed(first);
    socket.on("data", (chunk: Buffer) => this.#feed(chunk.toString()));
    // A killed child resets its connection; that is what the test wanted.
    socket.on("error", () => {});
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  kill(): void {
    process.kill(this.pid, "SIGKILL");
  }

  /** The next line, as soon as it is there. */
  async line(): Promise<string> {
    for (;;) {
      const next = this.received.shift();
      if (next !== undefined) return next;
      await within(new Promise<void>((resolve) => (this.#wake = resolve)), "a line of ExaBGP");
    }
  }

  /** So many lines. */
  async lines(count: number): Promise<string[]> {
    const taken: string[] = [];
    while (taken.length < count) taken.push(await this.line());
    return taken;
  }

  /** Sends `question` and @returns all lines up to the `done` that ends its answer. */
  async ask(question: string): Promise<string[]> {
    this.send(`${question}\n`);
    const answer: string[] = [];
    do answer.push(await this.line());
    while (answer.at(-1) !== "done");
    return answer.slice(0, -1);
  }

  #feed(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    this.received.push(...lines);
    this.#wake();
  }
}

export class RealExabgp {
  readonly #process: ChildProcess;
  readonly #server: Server;
  readonly #folder: string;
  readonly #children: Child[] = [];
  readonly #exited: Promise<unknown>;
  #wake = (): void => {};

  private constructor(process: ChildProcess, server: Server, folder: string) {
    this.#process = process;
    this.#server = server;
    this.#folder = folder;
    this.#exited = once(process, "exit");
  }

  /** Starts one that is stopped after the test. @param mode See child.ts. */
  static async start(context: TestContext, mode: "relay" | "bridge"): Promise<RealExabgp> {
    const folder = mkdtempSync(join(tmpdir(), "exabgp-"));
    chmodSync(folder, 0o755);
    const socketPath = join(folder, "socket");
    const server = createServer();
    server.listen(socketPath);
    await once(server, "listening");
    const config = join(folder, "exabgp.conf");
    writeFileSync(config, configuration(`${process.execPath} ${CHILD} ${mode} ${socketPath}`));
    const [program = "", ...args] = (await exabgpProgram()).run(config);
    const started = spawn(program, args, {
      stdio: "ignore",
      env: { ...process.env, ...ENVIRONMENT, exabgp_log_destination: join(folder, "log") },
    });
    const exabgp = new RealExabgp(started, server, folder);
    context.after(() => exabgp.stop());
    server.on("connection", (socket) => exabgp.#onConnection(socket));
    return exabgp;
  }

  /** The next life of the child. */
  async child(): Promise<Child> {
    for (;;) {
      const next = this.#children.shift();
      if (next !== undefined) return next;
      await within(new Promise<void>((resolve) => (this.#wake = resolve)), "a child of ExaBGP");
    }
  }

  /** Resolves when ExaBGP has ended by itself. */
  async exited(): Promise<void> {
    await within(this.#exited, "ExaBGP's exit");
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #onConnection(socket: Socket): void {
    socket.once("data", (chunk: Buffer) => {
      const [pid = "", ...rest] = chunk.toString().split("\n");
      this.#children.push(new Child(Number(pid), socket, rest.join("\n")));
      this.#wake();
    });
  }
}

/** Nothing is opened besides the child's pipes. */
const ENVIRONMENT = {
  exabgp_daemon_user: "root",
  exabgp_tcp_bind: "",
  exabgp_api_cli: "false",
  exabgp_log_level: "CRIT",
};

/** The neighbor is passive and nobody connects: `done` must come all the same. */
function configuration(run: string): string {
  return `process child { run ${run}; encoder json; }
neighbor 127.0.0.2 {
  router-id 127.0.0.1; local-address 127.0.0.1; local-as 64496; peer-as 64497; passive true;
  family { ipv4 unicast; ipv6 unicast; }
  api { processes [ child ]; neighbor-changes; }
}
`;
}

async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Waited ${PATIENCE_MS} ms for ${what}`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
