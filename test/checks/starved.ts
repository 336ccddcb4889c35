/**
 * A program: runs checks while it has no descriptors left, or no ports, and prints a line of JSON for each.
 *
 * `descriptors`: opens files until the limit. `ports`: expects that the kernel gives out one port only.
 */
import { openSync, writeSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { CheckSchema, prepareProbes } from "../../checks/registry.ts";
import { runCheck } from "./probing.ts";

const [, , starvedOf, port = "0"] = process.argv;

const tcp = { type: "tcp", host: "127.0.0.1", port: Number(port) };
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
  await report([tcp]);
  const server = createServer().listen(Number(port) + 1, "127.0.0.1");
  await once(server, "listening");
  const only = connect(Number(port) + 1, "127.0.0.1");
  await once(only, "connect");
  await report([{ ...tcp, port: Number(port) + 1 }]);
  only.destroy();
  server.close();
}

async function report(each: readonly object[]): Promise<void> {
  for (const check of each) {
    const { result } = await runCheck(check, { servers: ["127.0.0.1:9"], hostsFile: "/none" });
    writeSync(1, `${result.outcome} ${result.reason} (${result.detail})\n`);
  }
}
