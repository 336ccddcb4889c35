/** A bridge that asks an ExaBGP what it holds, and is told of one route. */
import { Readable } from "node:stream";
import { Bridge, type Route } from "exabgp-ts-bridge";
import { manualTimers } from "../checks/manual-timers.ts";

const BARRIER = "Peer            AS        up/down state       |     #sent     #recvd\ndone\n";

class Spoken extends Readable {
  override _read(): void {}
}

/**
 * As `show adj-rib out extensive` lists what `line` announces.
 *
 * @returns undefined where ExaBGP writes it in other words than those of the command.
 */
export async function listedBy(line: string): Promise<Route | undefined> {
  const attributes = line.replace(/^.*announce route /, "");
  if (attributes.includes("0x")) return undefined;
  // With the address in second place, ExaBGP has one form for two (RFC 4360).
  if (/origin:[0-9.]+:/.test(attributes)) return undefined;
  const family = /^[^ ]*:/.test(attributes) ? "ipv6" : "ipv4";
  const input = new Spoken();
  const handlers = { ready() {}, session() {}, update() {}, inputEnd() {}, problem() {} };
  const options = {
    input,
    output: () => {},
    timers: manualTimers(),
    nonce: "ab",
    dialect: "auto",
  } as const;
  const bridge = new Bridge(options, handlers);
  const say = (text: string) => void input.emit("data", Buffer.from(text));
  bridge.start();
  say(`done\nexabgp 4.2.21\ndone\n${BARRIER}`);
  let found: Route | undefined;
  await turn();
  bridge.listRoutes(({ routes }) => (found = routes[0]?.route));
  await turn();
  say(
    `${BARRIER}neighbor 192.0.2.1 local-ip 192.0.2.2 local-as 64496 peer-as 64497 router-id 192.0.2.2 family-allowed in-open ${family} unicast ${attributes}\ndone\n${BARRIER}`,
  );
  await turn();
  bridge.stop();
  return found;
}

/** What the bridge has planned happens; no time passes. */
async function turn(): Promise<void> {
  await Promise.resolve();
  await Promise.resolve();
}
