/**
 * A program beside an agent in a network namespace: `node cramped.js PORT FILE`. It listens on 127.0.0.1:PORT, and while
 * FILE exists it holds every connection to PORT that the kernel has ports for. Ends with the agent, its parent.
 */
import { existsSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";

const LOOK_MS = 20;

const [, , port = "", file = ""] = process.argv;
const agent = process.ppid;
let held: Socket[] = [];

createServer((socket) => socket.on("error", () => undefined).resume()).listen(
  Number(port),
  "127.0.0.1",
);
setInterval(() => {
  if (process.ppid !== agent) process.exit();
  if (!existsSync(file)) {
    for (const socket of held) socket.resetAndDestroy();
    held = [];
    return;
  }
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("connect", () => held.push(socket)).on("error", () => undefined);
}, LOOK_MS);
