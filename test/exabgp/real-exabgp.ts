/** A real ExaBGP on loopback whose child is driven by the test. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { exabgpProgram } from "../lab/exabgp-program.ts";
import { childrenOf } from "../lab/process.ts";
import { Children, within } from "./children.ts";
import type { Child } from "./children.ts";

const CHILD = fileURLToPath(new URL("child.js", import.meta.url));

export class RealExabgp {
  readonly #process: ChildProcess;
  readonly #children: Children;
  readonly #folder: string;
  readonly #exited: Promise<unknown>;
  readonly #ended: Promise<never>;

  private constructor(process: ChildProcess, children: Children, folder: string) {
    this.#process = process;
    this.#children = children;
    this.#folder = folder;
    this.#exited = once(process, "exit");
    this.#ended = this.#exited.then(() => {
      throw new Error(`ExaBGP has ended: ${this.lastWords()}`);
    });
    // Only who waits for a child wants to know.
    this.#ended.catch(() => {});
  }

  /**
   * Starts one that is stopped after the test.
   *
   * @param mode See child.ts.
   * @param neighbors In the words of exabgp.conf, with a process `child`.
   * @param settings As in its environment.
   */
  static async start(
    context: TestContext,
    mode: "relay" | "bridge",
    neighbors = neighbor("127.0.0.2"),
    settings: NodeJS.ProcessEnv = {},
  ): Promise<RealExabgp> {
    const folder = mkdtempSync(join(tmpdir(), "exabgp-"));
    chmodSync(folder, 0o755);
    const socketPath = join(folder, "socket");
    const children = await Children.listen(socketPath);
    context.after(() => children.close());
    const config = join(folder, "exabgp.conf");
    const run = `${process.execPath} ${CHILD} ${mode} ${socketPath}`;
    writeFileSync(config, `process child { run ${run}; encoder json; }\n${neighbors}`);
    const [program = "", ...args] = (await exabgpProgram()).run(config);
    const output = openSync(join(folder, "output"), "a");
    const started = spawn(program, args, {
      stdio: ["ignore", output, output],
      env: {
        ...process.env,
        ...ENVIRONMENT,
        exabgp_log_destination: join(folder, "log"),
        ...settings,
      },
    });
    closeSync(output);
    const exabgp = new RealExabgp(started, children, folder);
    context.after(() => exabgp.stop());
    return exabgp;
  }

  /** The next life of the child. */
  child(): Promise<Child> {
    return this.#children.next(this.#ended);
  }

  /** What the child that runs found in its environment. */
  environmentOfChild(): Map<string, string> {
    const [pid] = childrenOf(this.#process.pid ?? -1);
    const lines = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return new Map(
      lines.map((line) => {
        const [name = "", ...value] = line.split("=");
        return [name, value.join("=")];
      }),
    );
  }

  /** Resolves when ExaBGP has ended by itself. */
  async exited(): Promise<void> {
    await within(this.#exited, "ExaBGP's exit");
  }

  /** What it printed last, such as why it crashed. */
  lastWords(): string {
    return readFileSync(join(this.#folder, "output"), "utf8").slice(-2000);
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Nothing is opened besides the child's pipes. */
const ENVIRONMENT = {
  exabgp_daemon_user: "root",
  exabgp_tcp_bind: "",
  exabgp_api_cli: "false",
  // The least that all versions take: 4.2 ends at ERROR, CRITICAL and `enable = false`, 5.0 at CRIT.
  exabgp_log_level: "WARNING",
};

/** The neighbor is passive and nobody connects: `done` must come all the same. */
export function neighbor(address: string, families = "ipv4 unicast; ipv6 unicast;"): string {
  return `neighbor ${address} {
  router-id 127.0.0.1; local-address 127.0.0.1; local-as 64496; peer-as 64497; passive true;
  family { ${families} }
  api { processes [ child ]; neighbor-changes; }
}
`;
}
