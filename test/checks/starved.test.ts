/** A process without descriptors or ports cannot judge, and says so. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const run = promisify(execFile);
const program = fileURLToPath(new URL("starved.js", import.meta.url));

/** Any; inside its own network namespace nobody else has it. */
const ONLY_PORT = 40_000;

const unshare = process.getuid?.() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
const mayUnshare = spawnSync("unshare", [...unshare, "true"]).status === 0;

describe("starved", () => {
  test("no descriptors", async () => {
    // Enough to load the modules, which Node.js opens many of at once.
    const command = `ulimit -n 1024 && exec "${process.execPath}" "${program}" descriptors 9`;
    const { stdout } = await run("sh", ["-c", command]);
    const lines = stdout.trim().split("\n");
    assert.equal(lines.length, 15, stdout);
    for (const [index, line] of lines.entries()) {
      const reason = index === 3 ? "resolver-failed" : "no-descriptors";
      assert.ok(line.startsWith(`inconclusive ${reason} (`), line);
    }
  });

  test("no descriptors for a held connection: no event, and it stands when there are some", async () => {
    const holder = fileURLToPath(new URL("held-starved.js", import.meta.url));
    const command = `ulimit -n 1024 && exec "${process.execPath}" "${holder}"`;
    const { stdout } = await run("sh", ["-c", command]);
    assert.equal(stdout, "false 0 true\n");
  });

  const skip = mayUnshare ? false : "may not make a network namespace";
  test("no ports, and a port that connects to itself", { skip }, async () => {
    const command = [
      "ip link set lo up",
      `echo ${ONLY_PORT} ${ONLY_PORT} > /proc/sys/net/ipv4/ip_local_port_range`,
      `exec "${process.execPath}" "${program}" ports ${ONLY_PORT}`,
    ].join(" && ");
    const { stdout } = await run("unshare", [...unshare, "sh", "-c", command]);
    const lines = stdout.trim().split("\n");
    const self = [
      `fail refused (port ${ONLY_PORT} was free and connected to itself)`,
      `fail refused (port ${ONLY_PORT} was free and connected to itself)`,
      `fail refused (port ${ONLY_PORT} was free and the datagram came back)`,
      `fail refused (port ${ONLY_PORT} was free and the question came back)`,
      `fail refused (port ${ONLY_PORT} was free and connected to itself)`,
      `pass passed (refused: port ${ONLY_PORT} was free and connected to itself)`,
    ];
    assert.deepEqual(lines.slice(0, self.length), self);
    const [tcp, udp, dns] = lines.slice(self.length);
    assert.match(tcp ?? "", /^inconclusive no-ports \(connect EADDRNOTAVAIL 127\.0\.0\.1/);
    assert.match(udp ?? "", /^inconclusive no-ports \(bind EADDRINUSE /);
    assert.match(dns ?? "", /^inconclusive no-ports \(bind EADDRINUSE /);
  });
});
