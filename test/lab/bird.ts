/** A real router: BIRD 2 in a namespace. What it says counts, not what our agent believes. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RouterConfig, routerConfig } from "./bird-config.ts";
import { askBird, type ControlLine } from "./bird-control.ts";
import { parseRouterLine, type RouterEvent } from "./bird-log.ts";
import { parseRoutes, parseSession, type RouterRoute, type UpdateCounters } from "./bird-routes.ts";
import { hasCode } from "./error-code.ts";
import type { Lab } from "./lab.ts";
import { followFile } from "./line-log.ts";
import { parseMrt, type WireUpdate } from "./mrt.ts";
import type { Namespace } from "./namespace.ts";
import { waitUntil, type WaitOptions } from "./wait.ts";

export interface Router {
  readonly name: string;
  readonly namespace: Namespace;
  readonly socketPath: string;
  readonly logFile: string;
  readonly pid: number;
  /** Any command of birdc. */
  ask(command: string): Promise<ControlLine[]>;
  /** The routes to exactly this prefix, best first. */
  routes(prefix: string): Promise<RouterRoute[]>;
  /** How many routes a session has delivered. */
  routeCount(session: string): Promise<number>;
  counters(session: string): Promise<UpdateCounters>;
  /** Every route in every UPDATE received so far, in order, as it was on the wire. */
  wireUpdates(): WireUpdate[];
  /** Everything that happened so far, in order. */
  events(): RouterEvent[];
  /** The next event that fits, looking from `sinceMs` (wall clock, default: the start) on. */
  waitForEvent(
    fits: Partial<Omit<RouterEvent, "atMs">>,
    options?: WaitOptions & { readonly sinceMs?: number },
  ): Promise<RouterEvent>;
  /** Waits until `prefix` is there from `session`. */
  waitForRoute(prefix: string, session: string, options?: WaitOptions): Promise<RouterRoute>;
  /** Waits until `session` has no route to `prefix`. */
  waitForNoRoute(prefix: string, session: string, options?: WaitOptions): Promise<void>;
  waitForSession(session: string, options?: WaitOptions): Promise<void>;
}

/** Resolves when the router answers questions. */
export async function startRouter(
  lab: Lab,
  namespace: Namespace,
  name: string,
  config: Omit<RouterConfig, "logFile" | "mrtFile">,
): Promise<Router> {
  const folder = lab.addFolder(name);
  const logFile = join(folder, "bird.log");
  const mrtFile = join(folder, "bird.mrt");
  const socketPath = join(folder, "bird.ctl");
  const configFile = join(folder, "bird.conf");
  const outputFile = join(folder, "bird.out");
  writeFileSync(configFile, routerConfig({ ...config, logFile, mrtFile }));
  const log = followFile(logFile);
  lab.onRemove(() => log.close());
  const pid = await namespace.spawn(
    ["bird", "-f", "-c", configFile, "-s", socketPath, "-P", join(folder, "bird.pid")],
    { stdoutFile: outputFile, stderrFile: outputFile },
  );

  const ask = (command: string): Promise<ControlLine[]> => askBird(socketPath, command);
  const router: Router = {
    name,
    namespace,
    socketPath,
    logFile,
    pid,
    ask,
    routes: async (prefix) => parseRoutes(await ask(`show route ${prefix} all`)),
    async routeCount(session) {
      const answer = await ask(`show route protocol ${session} count`);
      const line = answer.find(({ text }) => text.includes("routes for"));
      return Number(/^\d+/.exec(line?.text ?? "0")?.[0]);
    },
    counters: async (session) => parseSession(await ask(`show protocols all ${session}`)).counters,
    wireUpdates: () => parseMrt(readFileSync(mrtFile)),
    events: () => log.lines().flatMap((line) => parseRouterLine(line) ?? []),
    waitForEvent(fits, { sinceMs = 0, ...options } = {}) {
      return log.waitFor(
        `${name} to log ${JSON.stringify(fits)}`,
        (line) => {
          const event = parseRouterLine(line);
          return event !== undefined && event.atMs >= sinceMs && matches(event, fits)
            ? event
            : undefined;
        },
        options,
      );
    },
    waitForRoute: (prefix, session, options) =>
      waitUntil(
        `${name} to have ${prefix} from ${session}`,
        async () => (await router.routes(prefix)).find((route) => route.session === session),
        { hint: logFile, ...options },
      ),
    async waitForNoRoute(prefix, session, options) {
      await waitUntil(
        `${name} to lose ${prefix} from ${session}`,
        async () =>
          (await router.routes(prefix)).some((route) => route.session === session)
            ? undefined
            : true,
        { hint: logFile, ...options },
      );
    },
    async waitForSession(session, options) {
      await waitUntil(
        `BGP session ${session} of ${name}`,
        async () =>
          parseSession(await ask(`show protocols all ${session}`)).isUp ? true : undefined,
        { hint: logFile, ...options },
      );
    },
  };
  await waitUntil(
    `BIRD of ${name}`,
    // The socket is there a moment before anybody listens on it.
    () => ask("show status").catch(notYet),
    { hint: outputFile },
  );
  return router;
}

function notYet(error: unknown): undefined {
  if (!hasCode(error, "ENOENT") && !hasCode(error, "ECONNREFUSED")) throw error;
}

function matches(event: RouterEvent, fits: Partial<RouterEvent>): boolean {
  const { session = event.session, kind = event.kind, prefix = event.prefix } = fits;
  return event.session === session && event.kind === kind && event.prefix === prefix;
}
