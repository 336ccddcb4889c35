/**
 * What anybody would write as ExaBGP's child: takes orders from a socket, writes them to stdout at once, a line for each
 * prefix, and reads stdin. Tells the socket how many answers came so far, a number a line.
 */
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** A line of the socket. */
export interface PipeOrder {
  readonly verb: "announce" | "withdraw";
  readonly prefixes: readonly string[];
  readonly med: number;
}

let answers = 0;
const socket = connect(process.argv[2] ?? "");
socket.on("close", () => process.exit(0)).on("error", () => process.exit(1));
process.stdin.on("data", (chunk: Buffer) => {
  for (const byte of chunk) if (byte === 0x0a) answers += 1;
  socket.write(`${answers}\n`);
});
createInterface({ input: socket }).on("line", (line) => {
  // The benchmark is the only one that writes here.
  const { verb, prefixes, med } = JSON.parse(line) as PipeOrder;
  const lines = prefixes.map((prefix) => `${verb} route ${prefix} next-hop self med ${med}\n`);
  process.stdout.write(lines.join(""));
});
