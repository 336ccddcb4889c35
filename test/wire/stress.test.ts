/** Fifty prefixes that change twenty times a second each: what is on the wire in the end. Needs root. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { waitUntil } from "../lab/wait.ts";
import { waitForSessions } from "./fixtures.ts";

const PREFIXES = 50;
const CHANGES_PER_SECOND = 20;
const STEP_MS = 10;

/** `ANYCTL_TEST_STRESS_S=60` is the whole minute. */
const SECONDS = Number(process.env["ANYCTL_TEST_STRESS_S"] ?? 12);

/** An ExaBGP that holds another order on the wire is found out by the echo 5 s later. */
const SETTLED = { deadlineMs: 60_000, everyMs: 250 };

/** As MRT files and BIRD's table say it. */
type Wire = "announced" | "withdrawn";

test(`${PREFIXES} prefixes change ${CHANGES_PER_SECOND} times a second, and end as wanted`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "anyctl-stress-"));
  chmodSync(folder, 0o755);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const flags = Array.from({ length: PREFIXES }, (_, nth) => {
    const own = join(folder, String(nth));
    mkdirSync(own, { mode: 0o755 });
    return { file: join(own, "flag"), prefix: `10.50.${nth}.0/24`, isUp: false };
  });
  const mini = await createMiniLab({ config: configOf(flags) });
  t.after(() => mini.remove());
  await waitForSessions(mini);

  // Every step some of them; the same sequence in every run, so that each prefix has a rhythm of its own.
  const perStep = (PREFIXES * CHANGES_PER_SECOND * STEP_MS) / 1000;
  let changes = 0;
  const beganMs = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsedMs = performance.now() - beganMs;
      // What a busy machine has left out is made up for.
      const due = Math.floor(elapsedMs / STEP_MS) * perStep;
      for (; changes < due; changes += 1) {
        const flag = flags[(changes * 7) % PREFIXES];
        if (flag !== undefined) toggle(flag);
      }
      if (elapsedMs < SECONDS * 1000) return;
      clearInterval(timer);
      resolve();
    }, STEP_MS);
  });
  // An end that is not the same for all.
  for (const [nth, flag] of flags.entries()) if (flag.isUp !== nth % 3 > 0) toggle(flag);

  const wanted = new Map(
    flags.map(({ prefix, isUp }): [string, Wire] => [prefix, isUp ? "announced" : "withdrawn"]),
  );
  await waitUntil(
    "the router to have what is wanted",
    async () => (isSame(await tableOf(mini, wanted), wanted) ? true : undefined),
    SETTLED,
  );
  await waitUntil(
    "the last UPDATEs to say the same",
    () => (isSame(lastOnWire(mini, wanted), wanted) ? true : undefined),
    SETTLED,
  );
  const sent = mini.transit.wireUpdates().filter(({ prefix }) => wanted.has(prefix)).length;
  t.diagnostic(`${changes} changes, ${sent} routes in UPDATEs, ${driftsOf(mini)} drifts`);
  assert.ok(changes >= PREFIXES * CHANGES_PER_SECOND * SECONDS * 0.9, `only ${changes} changes`);
  // One change of a prefix in 250 ms is all that ExaBGP is asked for.
  assert.ok(sent > PREFIXES * SECONDS * 0.5, `only ${sent} routes in UPDATEs`);
  // It stays so: nothing was on its way still.
  assert.deepEqual(await tableOf(mini, wanted), wanted);
});

function configOf(flags: readonly { readonly file: string; readonly prefix: string }[]): string {
  const services = flags.map(
    ({ file, prefix }, nth) => `  s${nth}:
    prefixes: [${prefix}]
    scope: local
    checks: { flag: { type: file, path: ${file}, trigger: ${file} } }
`,
  );
  return `exabgp: { reconcile-interval: 1s }
defaults: { interval: 1s, fast-interval: 100ms, timeout: 100ms, rise: 1, fall: 1 }
services:
${services.join("")}`;
}

function toggle(flag: { readonly file: string; isUp: boolean }): void {
  flag.isUp = !flag.isUp;
  if (flag.isUp) writeFileSync(flag.file, "");
  else rmSync(flag.file);
}

async function tableOf(
  { transit }: MiniLab,
  wanted: ReadonlyMap<string, Wire>,
): Promise<Map<string, Wire>> {
  const table = new Map<string, Wire>();
  for (const prefix of wanted.keys()) {
    const routes = await transit.routes(prefix);
    table.set(prefix, routes.length > 0 ? "announced" : "withdrawn");
  }
  return table;
}

function lastOnWire({ transit }: MiniLab, wanted: ReadonlyMap<string, Wire>): Map<string, Wire> {
  const last = new Map([...wanted.keys()].map((prefix): [string, Wire] => [prefix, "withdrawn"]));
  for (const { prefix, kind } of transit.wireUpdates())
    if (last.has(prefix)) last.set(prefix, kind);
  return last;
}

function isSame(some: ReadonlyMap<string, Wire>, others: ReadonlyMap<string, Wire>): boolean {
  return [...others].every(([prefix, wire]) => some.get(prefix) === wire);
}

function driftsOf({ pop }: MiniLab): number {
  return pop.audit().filter(({ reason }) => reason === "drift").length;
}
