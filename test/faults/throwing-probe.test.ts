/** A probe that throws, in a real agent: inconclusive, in the log with its stack, and other checks go on. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createSite, ScriptedExabgp } from "../daemon/scripted-exabgp.ts";

test("a probe that throws costs no route, and takes no other check with it", async (t) => {
  const site = await createSite(t);
  const other = createServer((socket) => socket.on("error", () => {}).resume());
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  t.after(() => other.close());
  const address = other.address();
  const otherPort = typeof address === "object" ? address?.port : undefined;
  const port = (number: number | undefined) => `{ type: tcp, host: 127.0.0.1, port: ${number} }`;
  site.writeConfig(`defaults: { interval: 200ms, timeout: 200ms, rise: 1, fall: 1 }
services:
  web:
    prefixes: [192.0.2.0/24]
    scope: local
    checks: { buggy: ${port(site.port)} }
  dns:
    prefixes: [198.51.100.0/24]
    scope: local
    checks: { port: ${port(otherPort)} }
`);
  const bug = join(site.folder, "bug");
  const preload = fileURLToPath(new URL("throwing-probe.js", import.meta.url));
  const exabgp = new ScriptedExabgp(site, [], {
    env: { NODE_OPTIONS: `--import=${preload}`, ANYCTL_TEST_THROWS: `${site.port}:${bug}` },
  });
  await exabgp.waitForCommands(2);
  writeFileSync(bug, "");
  const { problems, services } = await exabgp.waitForStatus("the problem", (status) =>
    status.problems.some(({ word }) => word === "inconclusive-checks"),
  );
  assert.match(
    problems.find(({ word }) => word === "inconclusive-checks")?.detail ?? "",
    /^1 of 2 checks cannot be judged: internal \(web\/buggy: TypeError\)$/,
  );
  assert.deepEqual(
    services.map(({ name, state }) => `${name} ${state}`),
    ["web up", "dns up"],
  );
  assert.match(exabgp.stderr, /"check":"web\/buggy".*a bug that a test has planted.*\\n +at /);
  // The other one is judged as ever.
  other.close();
  const [, , withdrawal] = await exabgp.waitForCommands(3);
  assert.match(withdrawal ?? "", /^withdraw route 198\.51\.100\.0\/24 /);
  rmSync(bug);
  const isWell = (word: string) => word !== "inconclusive-checks";
  await exabgp.waitForStatus("its end", (status) => status.problems.every((p) => isWell(p.word)));
  assert.equal(exabgp.commands.length, 3);
});
