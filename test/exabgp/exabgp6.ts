/**
 * Speaks as ExaBGP 6.0 with API v6 does, to the child that it runs: `exabgp6 COMMAND ARGUMENT …`. What nobody has seen
 * in a run is marked: the lines of `rib show out` and the members of `peer show summary` are from the code of the
 * development line; the order of answers is that of 4.2 and 5.0.
 *
 * It does what the test writes to its stdin, one word a line, and says the word when it has: `lose` the next answer,
 * `up` a session.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Seen: one line of JSON, then done. */
const VERSION = '{ "version": "6.0.0-20260822", "application": "exabgp" }';
const PEERS = ["127.0.0.2", "127.0.0.3"];
const ROUTE =
  /^(peer) (\*|\S+) (announce|withdraw) route (\S+) next-hop \S+(?: (?:origin|as-path|med|local-preference|community|large-community|extended-community) (?:\[ [^\]]* \]|\S+))*$/;

/** Prefixes, for all peers alike. */
const held = new Set<string>();
let isUp = false;
let loses = false;

/** What 6.0 answers to `line`. */
function answerTo(line: string): string[] {
  // Seen: a comment is answered too.
  if (/^ *#/.test(line)) return ["done"];
  if (line === "system version") return [VERSION, "done"];
  if (line === "peer show summary") return [JSON.stringify(PEERS.map(summary)), "done"];
  if (line === "rib show out") return [...listing(), "done"];
  const [, , peers, verb, prefix = ""] = ROUTE.exec(line) ?? [];
  if (verb !== undefined) {
    // Seen, and the reason why no such line may be written: one of an unknown peer goes to another.
    if (peers !== "*" && !PEERS.includes(peers ?? "")) held.add(prefix);
    else if (verb === "announce") held.add(prefix);
    // Seen: `withdraw` of what was never announced is done, nothing sent.
    else held.delete(prefix);
    return ["done"];
  }
  // Seen: what API v4 calls `announce route` is an error, one bare line.
  if (/^(?:neighbor |announce |withdraw |show )/.test(line)) return ["error"];
  // Seen: two lines for what is malformed.
  return ["error: could not parse the command", "error"];
}

/** A peer that never connected has another member than one that did. */
function summary(address: string): object {
  return isUp ? { peer: { address }, state: "up" } : { "peer-address": address };
}

/** From the code: one line a route, no attributes, nothing for a peer without routes. */
function listing(): string[] {
  return PEERS.flatMap((peer) =>
    [...held].map((prefix) => {
      const family = prefix.includes(":") ? "ipv6 unicast" : "ipv4 unicast";
      return JSON.stringify({ [peer]: { routes: [{ family, prefix }] } });
    }),
  );
}

const [command = "", ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
child.stdin.on("error", () => {});
child.on("exit", () => process.exit(0));

createInterface({ input: child.stdout }).on("line", (line) => {
  const answer = answerTo(line);
  if (loses) loses = false;
  else child.stdin.write(`${answer.join("\n")}\n`);
});

createInterface({ input: process.stdin })
  .on("line", (word) => {
    if (word === "lose") loses = true;
    if (word === "up") isUp = true;
    process.stdout.write(`${word}\n`);
    if (word !== "up") return;
    // Seen: always JSON.
    const neighbor = { address: { local: "127.0.0.1", peer: PEERS[0] }, state: "up" };
    const event = { exabgp: "6.0.0", type: "state", neighbor };
    child.stdin.write(`${JSON.stringify(event)}\n`);
  })
  .on("close", () => process.exit(0));
