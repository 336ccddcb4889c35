// docs/drains.md: its commands are as the command line takes them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { NOW, run } from "./fake-io.ts";
import { makePop, startAgent } from "./pop.ts";

const FILE = fileURLToPath(new URL("../../../docs/drains.md", import.meta.url));

/** Commands in the order of the page, in the words that a shell makes of them. */
const COMMANDS = readFileSync(FILE, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("anyctl "))
  .map((line) => line.split(" && ", 1)[0] ?? "")
  .map((line) => execFileSync("sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" }))
  .map((words) => words.split("\0").slice(1, -1));

it("every command of the page can be typed, one after the other", async (context) => {
  assert.ok(COMMANDS.length >= 13, `${COMMANDS.length} commands`);
  const pop = makePop(context);
  await startAgent(context, pop, (status) => ({
    ...status,
    services: status.services.map((service) =>
      status.pins.some((pin) => pin.service === service.name)
        ? { ...service, state: "pinned" as const }
        : service,
    ),
  }));
  // Days before the dates on the page.
  const wallMs = () => Date.parse(NOW.replace("2026-01-01", "2026-11-28"));
  const world = { env: { ANYCTL_CONFIG: pop.configPath }, wallMs };
  for (const argv of COMMANDS) {
    const { status, err } = await run(argv, world);
    assert.deepEqual([status, err], [0, ""], argv.join(" "));
  }
});
