/** In the place of systemd: a socket that takes what `systemd-notify` says, and shows it as it comes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { temporaryFolder } from "../checks/temporary.ts";
import { waitUntil } from "../lab/wait.ts";

/** Node.js has no Unix datagram sockets. What is passed is closed at once: systemd-notify waits for that. */
const LISTENER = `
import array, json, os, socket, sys
os.umask(0)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("[]", flush=True)
while True:
    data, passed, _, _ = s.recvmsg(65536, 1024)
    for level, kind, bytes in passed:
        if kind == socket.SCM_RIGHTS:
            fds = array.array("i")
            fds.frombytes(bytes[: len(bytes) - len(bytes) % fds.itemsize])
            for fd in fds: os.close(fd)
    print(json.dumps(data.decode("latin1").split("\\n")), flush=True)
`;

export interface Message {
  /** Such as `WATCHDOG=1`. */
  readonly lines: readonly string[];
  /** On the monotonic clock. */
  readonly atMs: number;
}

export class SystemdListener {
  readonly socket: string;
  /** Without the barriers. */
  readonly messages: Message[] = [];

  private constructor(socket: string) {
    this.socket = socket;
  }

  /** @param socket Its path. Default: in a folder of its own. */
  static async start(
    context: Pick<TestContext, "after">,
    socket = join(temporaryFolder(context), "notify"),
  ): Promise<SystemdListener> {
    const child = spawn("/usr/bin/python3", ["-c", LISTENER, socket], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    context.after(() => child.kill("SIGKILL"));
    const listener = new SystemdListener(socket);
    const lines = createInterface(child.stdout);
    await once(lines, "line");
    lines.on("line", (line) => listener.#take(JSON.parse(line) as string[]));
    return listener;
  }

  get pings(): number {
    return this.messages.filter(({ lines }) => lines.includes("WATCHDOG=1")).length;
  }

  get status(): string | undefined {
    const all = this.messages.flatMap(({ lines }) => lines);
    return all.findLast((line) => line.startsWith("STATUS="))?.slice("STATUS=".length);
  }

  get isReady(): boolean {
    return this.messages.some(({ lines }) => lines.includes("READY=1"));
  }

  /** Waits for so many pings more than there are now. */
  async waitForPings(count: number): Promise<void> {
    const wanted = this.pings + count;
    await waitUntil(`${count} pings`, () => this.pings >= wanted || undefined);
  }

  #take(lines: string[]): void {
    if (!lines.includes("BARRIER=1")) this.messages.push({ lines, atMs: performance.now() });
  }
}
