/** A PoP in a folder: a configuration, a state folder, and, if wanted, who answers like its agent. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import type { Status } from "../../src/control/protocol.ts";
import { startControlServer } from "../../src/control/server.ts";
import type { Drain, Pin, Undrain } from "../../src/core/inputs.ts";
import type { RouteStatus, ServiceStatus } from "../../src/core/status.ts";
import { systemClock } from "../../src/daemon/clock.ts";
import { drainFormat } from "../../src/daemon/drain-file.ts";
import { OrderFolder } from "../../src/daemon/order-folder.ts";
import { PIN_FORMAT } from "../../src/daemon/pin-file.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { STATUS } from "../control/fixtures.ts";

export interface Pop {
  readonly configPath: string;
  readonly stateDir: string;
  readonly socketPath: string;
  readonly drains: string;
  readonly transient: string;
  readonly pins: string;
}

/** Services `dns` and `web`; nothing answers on their ports. */
const SERVICES = `services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    checks: { resolver: { type: tcp, host: 127.0.0.1, port: 9 } }
  web:
    scope: local
    prefixes: [198.51.100.0/24]
    checks: { port: { type: tcp, host: 127.0.0.1, port: 9 } }
`;

export function makePop(context: TestContext, services = SERVICES): Pop {
  const folder = temporaryFolder(context);
  const stateDir = join(folder, "state");
  const socketPath = join(folder, "agent.sock");
  const configPath = join(folder, "anyctl.yaml");
  mkdirSync(stateDir);
  writeFileSync(configPath, `state-dir: ${stateDir}\nsocket: ${socketPath}\n${services}`);
  return {
    configPath,
    stateDir,
    socketPath,
    drains: join(stateDir, "drains"),
    transient: join(folder, "drains"),
    pins: join(stateDir, "pins"),
  };
}

/**
 * The agent's own eyes for drains and pins behind the real control server; the rest of the agent is pretended.
 *
 * @param changes What differs in each status from one of a PoP where all is well; or who makes it differ.
 * @param undrained Told of each order to undrain.
 * @param withdrawn What became of the routes of drained services, asked for each status; default: all went well.
 */
export async function startAgent(
  context: TestContext,
  { socketPath, drains, transient, pins }: Pop,
  changes: Partial<Status> | ((status: Status) => Status) = {},
  withdrawn: (prefix: string) => Partial<RouteStatus> = () => ({}),
  undrained: (undrain: Undrain) => void = () => {},
): Promise<void> {
  let standing: readonly Drain[] = [];
  let passing: readonly Drain[] = [];
  let pinned: readonly Pin[] = [];
  const common = { clock: systemClock, problem: () => {} };
  const folders = [
    new OrderFolder({
      ...common,
      folder: drains,
      format: drainFormat(false),
      changed: (now, ends) => {
        standing = now;
        ends.forEach(undrained);
      },
    }),
    new OrderFolder({
      ...common,
      folder: transient,
      format: drainFormat(true),
      changed: (now) => (passing = now),
    }),
    new OrderFolder({
      ...common,
      folder: pins,
      format: PIN_FORMAT,
      changed: (now) => (pinned = now),
    }),
  ];
  for (const folder of [drains, transient, pins]) mkdirSync(folder, { recursive: true });
  for (const folder of folders) await folder.start();
  context.after(() => {
    for (const folder of folders) folder.stop();
  });
  const change =
    typeof changes === "function" ? changes : (all: Status) => ({ ...all, ...changes });
  const server = await startControlServer({
    socketPath,
    status: () => change(statusWith([...standing, ...passing], pinned, withdrawn)),
    healthz: () => ({ ok: true, detail: "" }),
    problem: () => {},
    timers: systemTimers,
  });
  context.after(() => server.close());
}

function statusWith(
  drains: readonly Drain[],
  pins: readonly Pin[],
  withdrawn: (prefix: string) => Partial<RouteStatus>,
): Status {
  const [dns] = STATUS.services;
  if (dns === undefined) throw new Error("the fixture has a service");
  const web = {
    ...dns,
    name: "web",
    routes: dns.routes.map((route) => ({ ...route, prefix: "198.51.100.0/24" })),
  };
  const services = [dns, web].map((service) =>
    drains.some((drain) => drain.service === service.name || drain.service === "_all")
      ? drained(service, withdrawn)
      : service,
  );
  return { ...STATUS, services, drains, pins };
}

function drained(
  service: ServiceStatus,
  withdrawn: (prefix: string) => Partial<RouteStatus>,
): ServiceStatus {
  const routes = service.routes.map(
    (route) =>
      ({ ...route, wanted: "withdraw", told: "withdrawn", ...withdrawn(route.prefix) }) as const,
  );
  return { ...service, state: "drained", reason: "operator-drain", routes };
}
