/** A PoP in a folder: a configuration, a state folder, and, if wanted, who answers like its agent. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { systemTimers } from "../../checks/timers.ts";
import type { Status } from "../../src/control/protocol.ts";
import { startControlServer } from "../../src/control/server.ts";
import type { Drain } from "../../src/core/inputs.ts";
import type { RouteStatus, ServiceStatus } from "../../src/core/status.ts";
import { systemClock } from "../../src/daemon/clock.ts";
import { drainFormat } from "../../src/daemon/drain-file.ts";
import { OrderFolder } from "../../src/daemon/order-folder.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { STATUS } from "../control/fixtures.ts";

export interface Pop {
  readonly configPath: string;
  readonly stateDir: string;
  readonly socketPath: string;
  readonly drains: string;
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
  return { configPath, stateDir, socketPath, drains: join(stateDir, "drains") };
}

/**
 * The agent's own eyes for drains behind the real control server; the rest of the agent is pretended.
 *
 * @param withdrawn What became of the routes of drained services, asked for each status; default: all went well.
 */
export async function startAgent(
  context: TestContext,
  { socketPath, drains }: Pop,
  changes: Partial<Status> = {},
  withdrawn: (prefix: string) => Partial<RouteStatus> = () => ({}),
): Promise<void> {
  mkdirSync(drains, { recursive: true });
  let standing: readonly Drain[] = [];
  const folder = new OrderFolder({
    folder: drains,
    format: drainFormat(false),
    clock: systemClock,
    changed: (now) => (standing = now),
    problem: () => {},
  });
  await folder.start();
  context.after(() => folder.stop());
  const server = await startControlServer({
    socketPath,
    status: () => statusWith(standing, changes, withdrawn),
    healthz: () => ({ ok: true, detail: "" }),
    problem: () => {},
    timers: systemTimers,
  });
  context.after(() => server.close());
}

function statusWith(
  drains: readonly Drain[],
  changes: Partial<Status>,
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
  return { ...STATUS, services, drains, ...changes };
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
