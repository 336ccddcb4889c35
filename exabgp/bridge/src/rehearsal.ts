/** Runs the way of a first command before there is one: cold, its code takes milliseconds of an announcement's way. */
import { Readable } from "node:stream";
import type { BridgeHandlers, BridgeOptions } from "./bridge-types.ts";
import type { Bridge } from "./bridge.ts";
import { isCommandLine } from "./grammar.ts";
import type { Route } from "./route.ts";

/** One of each family, with what nearly every route has. Documentation space (RFC 5737, RFC 3849), and never written. */
const ROUTES: readonly Route[] = [
  { prefix: "192.0.2.0/24", nextHop: "192.0.2.1" },
  { prefix: "2001:db8::/48", nextHop: "2001:db8::1" },
].map((route) => ({ ...route, asPath: [64_496], med: 100, communities: ["64496:1"] }));

/** What an ExaBGP says that has just been asked both questions. */
const ANSWERS = [
  "done\nexabgp 4.2.21\ndone\n",
  "Peer            AS        up/down state       |     #sent     #recvd\ndone\n",
];

/** More than a prefix rests between two changes. */
const STEP_MS = 1000;

const HANDLERS: BridgeHandlers = {
  ready: () => {},
  session: () => {},
  update: () => {},
  inputEnd: () => {},
  problem: () => {},
};

let isRehearsed = false;

/** The first time in this process. The rehearsal starts a bridge too, which does not rehearse. */
export function rehearseOnce(create: Parameters<typeof rehearse>[0]): void {
  if (isRehearsed) return;
  isRehearsed = true;
  rehearse(create);
}

/**
 * Announces and withdraws on a bridge of its own, whose output holds each line against the grammar and drops it.
 *
 * @param create Makes that bridge: this file could not import it without a circle.
 * @returns The lines that passed, in order.
 */
export function rehearse(
  create: (options: BridgeOptions, handlers: BridgeHandlers) => Bridge,
): readonly string[] {
  const passed: string[] = [];
  const output = (line: string) => {
    if (isCommandLine(line)) passed.push(line);
  };
  let nowMs = 0;
  // Time flies, so that nothing has to rest; and no timer is left behind.
  const timers = { nowMs: () => (nowMs += STEP_MS), after: () => () => {} };
  const input = new Readable({ read() {} });
  const say = (text: string) => void input.emit("data", Buffer.from(text));
  const bridge = create({ input, output, timers, nonce: "0", dialect: "auto" }, HANDLERS);
  bridge.start();
  for (const answer of ANSWERS) say(answer);
  for (const verb of ["announce", "withdraw"] as const) {
    for (const route of ROUTES) {
      bridge[verb](route, () => {});
      // Whatever is heard lets the bridge write at once; then comes the answer.
      say("");
      say("done\n");
    }
  }
  return passed;
}
