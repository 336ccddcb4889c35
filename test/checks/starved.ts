/**
 * A program: runs checks while it has no descriptors left, or no ports, and prints a line of JSON for each.
 *
 * `descriptors`: opens files until the limit. `ports`: expects that the kernel gives out one port only.
 */
import { createSocket } from "node:dgram";
import { openSync, writeSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { CheckSchema, prepareProbes } from "../../checks/registry.ts";
import { runCheck } from "./probing.ts";

const [, , starvedOf, port = "0"] = process.argv;

const tcp = { type: "tcp", host: "127.0.0.1", port: Number(port) };
const udp = { type: "udp", host: "127.0.0.1", port: Number(port), send: "a", expect: "a" };
const dns = { type: "dns", server: `127.0.0.1:${port}`, name: "health.example" };
const checks = [
  tcp,
  { type: "tcp", host: "localhost", port: Number(port) },
  { type: "http", url: `http://127.0.0.1:${port}/` },
  { type: "http", url: "http://health.example/" },
  { type: "http", url: `https://127.0.0.1:${port}/`, "ca-file": "/etc/passwd" },
  { type: "tls", host: "127.0.0.1", port: Number(port) },
  { type: "tls", host: "127.0.0.1", port: Number(port), "ca-file": "/etc/passwd" },
  { type: "unix", path: "/run/anyctl-none.sock" },
  { type: "file", path: "/etc/passwd", content: "root" },
  { type: "address", addresses: ["127.0.0.1"] },
  { ...tcp, expect: "a" },
  { ...tcp, "should-fail": true },
  udp,
  dns,
  { ...dns, transport: "tcp" },
];

await prepareProbes(checks.map((check) => CheckSchema.parse(check)));
if (starvedOf === "descriptors") {
  try {
    for (;;) openSync("/dev/null", "r");
  } catch {
    await report(checks);
  }
} else {
  // Nobody listens on the one port that the kernel gives out: it connects to itself.
  const toItself = [tcp, { ...tcp, expect: "a" }, udp, dns, { ...dns, transport: "tcp" }];
  await report([...toItself, { ...tcp, "should-fail": true }]);
  const server = createServer().listen(Number(port) + 1, "127.0.0.1");
  await once(server, "listening");
  const only = connect(Number(port) + 1, "127.0.0.1");
  await once(only, "connect");
  await report([{ ...tcp, port: Number(port) + 1 }]);
  only.destroy();
  const socket = createSocket("udp4");
  socket.bind(Number(port), "127.0.0.1");
  await once(socket, "listening");
  await report([udp, dns]);
  socket.close();
  server.close();
}

async function report(each: readonly object[]): Promise<void> {
  for (const check of each) {
    const { result } = await runCheck(check, { servers: ["127.0.0.1:9"], hostsFile: "/none" });
    writeSync(1, `${result.outcome} ${result.reason} (${result.detail})\n`);
  }
}
