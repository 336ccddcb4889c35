/** A program: holds a connection while it has no descriptors left, gives some back, and prints what came of it. */
import { once } from "node:events";
import { closeSync, openSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { holdConnection } from "../../checks/held-connection.ts";
import { systemTimers } from "../../checks/timers.ts";
import { until } from "./probing.ts";

const server = createServer((socket) => socket.on("error", () => undefined));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
const port = typeof address === "object" && address !== null ? address.port : 0;

const files: number[] = [];
try {
  for (;;) files.push(openSync("/dev/null", "r"));
} catch {
  // As it is to be.
}
let tries = 0;
let events = 0;
const find = () => {
  tries += 1;
  return Promise.resolve({ host: "127.0.0.1", port });
};
const listener = holdConnection(find, systemTimers)(() => (events += 1));
await until(() => tries >= 3);
const before = listener.isListening;
for (const file of files) closeSync(file);
await until(() => listener.isListening);
writeSync(1, `${before} ${events} ${listener.isListening}\n`);
listener.close();
server.close();
