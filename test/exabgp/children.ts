/** The lives of a child of ExaBGP, as child.ts shows them on a socket. */
import { chmodSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";

/** Everything here takes milliseconds; this only keeps a broken test from hanging. */
const PATIENCE_MS = 10_000;

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

/** Where the children of one ExaBGP call. */
export class Children {
  readonly #server: Server;
  readonly #born: Child[] = [];
  #wake = (): void => {};

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => this.#onConnection(socket));
  }

  /** Whoever may enter its folder may connect. */
  static async listen(socketPath: string): Promise<Children> {
    const server = createServer();
    server.listen(socketPath);
    await once(server, "listening");
    chmodSync(socketPath, 0o666);
    return new Children(server);
  }

  /** The next life of the child; rejects when `ended` does. */
  async next(ended?: Promise<never>): Promise<Child> {
    for (;;) {
      const next = this.#born.shift();
      if (next !== undefined) return next;
      const born = new Promise<void>((resolve) => (this.#wake = resolve));
      await within(Promise.race(ended === undefined ? [born] : [born, ended]), "a child of ExaBGP");
    }
  }

  close(): void {
    this.#server.close();
  }

  #onConnection(socket: Socket): void {
    socket.once("data", (chunk: Buffer) => {
      const [pid = "", ...rest] = chunk.toString().split("\n");
      this.#born.push(new Child(Number(pid), socket, rest.join("\n")));
      this.#wake();
    });
  }
}

/** @throws {Error} When `promise` takes longer than anything here. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
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
