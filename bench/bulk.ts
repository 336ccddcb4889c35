/**
 * Thousands of prefixes on the wire and off it, as a real BIRD sees them: the agent's bulk lines, and the same routes as
 * single lines from a plain pipe; and a small service that is withdrawn in the middle of each change.
 * Usage: node dist/bench/bulk.js [PREFIXES] [ROUNDS], 10,000 and 3 by default. Needs root.
 */
import { POP_SESSION } from "../test/lab/region.ts";
import type { Family } from "../test/lab/template.ts";
import { waitUntil } from "../test/lab/wait.ts";
import { CHILDREN, createBulkStage, type BulkStage, type ChildKind } from "./bulk-stage.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { median } from "./statistics.ts";
import { formatTable, print } from "./table.ts";
import { memoryUse } from "./usage.ts";

const PATIENCE = { deadlineMs: 120_000, everyMs: 20 };

const MEMORY_EVERY_MS = 200;

interface Change {
  readonly verb: "announce" | "withdraw";
  /** From the decision, or the write, to the last UPDATE of the large service; ms. */
  readonly wholeMs: number;
  /** The same of the small one, which is withdrawn meanwhile; ms. */
  readonly smallMs: number;
}

interface Outcome {
  readonly changes: readonly Change[];
  /** PSS at most, MiB. */
  readonly childMib: number;
  readonly exabgpMib: number;
  /** Of the session, after it was first up. */
  readonly drops: number;
}

async function changeBoth(stage: BulkStage, verb: Change["verb"]): Promise<Change> {
  const { large, small, transit } = stage;
  await stage.change(small, "announce");
  const fromEmpty = verb === "announce";
  const all = large.prefixes.length;
  await until(stage, (count) => count === small.prefixes.length + (fromEmpty ? 0 : all));
  const whole = stage.change(large, verb);
  await until(stage, (count) => count > all / 10 && count < all - all / 10);
  const partMs = await stage.change(small, "withdraw");
  const wholeMs = await whole;
  await until(stage, (count) => count === (fromEmpty ? all : 0));
  const kind = fromEmpty ? "announced" : "withdrawn";
  const later = transit.events().filter(({ atMs }) => atMs >= Math.min(wholeMs, partMs) - 1);
  const lastOf = (prefixes: readonly string[], word: string) => {
    const own = new Set(prefixes);
    const times = later.filter(
      (event) => event.kind === word && event.prefix !== undefined && own.has(event.prefix),
    );
    return times.reduce((last, { atMs }) => Math.max(last, atMs), 0);
  };
  return {
    verb,
    wholeMs: lastOf(large.prefixes, kind) - wholeMs,
    smallMs: lastOf(small.prefixes, "withdrawn") - partMs,
  };
}

async function until(stage: BulkStage, fits: (count: number) => boolean): Promise<void> {
  await waitUntil("routes", async () => (fits(await stage.count()) ? true : undefined), PATIENCE);
}

async function measure(kind: ChildKind, family: Family, prefixes: number, rounds: number) {
  const stage = await createBulkStage(kind, family, prefixes);
  const { pop, transit } = stage;
  let [childMib, exabgpMib] = [0, 0];
  const look = (): void => {
    childMib = Math.max(childMib, memoryUse(pop.exabgp.agentPid() ?? 0).pssMib);
    exabgpMib = Math.max(exabgpMib, memoryUse(pop.exabgp.pid()).pssMib);
  };
  const timer = setInterval(look, MEMORY_EVERY_MS);
  try {
    const changes: Change[] = [];
    for (let nth = 0; nth < rounds; nth += 1) {
      changes.push(await changeBoth(stage, "announce"));
      changes.push(await changeBoth(stage, "withdraw"));
    }
    const drops = transit
      .events()
      .filter(
        ({ kind: word, session }) => word === "session-down" && session === POP_SESSION[family],
      );
    return { changes, childMib, exabgpMib, drops: drops.length } satisfies Outcome;
  } finally {
    clearInterval(timer);
    await stage.remove();
  }
}

function rowOf(name: string, { changes, childMib, exabgpMib, drops }: Outcome): string[] {
  const of = (verb: Change["verb"]) => changes.filter((change) => change.verb === verb);
  const middle = (verb: Change["verb"]) =>
    (median(of(verb).map(({ wholeMs }) => wholeMs)) / 1000).toFixed(2);
  const worst = (verb: Change["verb"]) =>
    Math.max(...of(verb).map(({ smallMs }) => smallMs)).toFixed(0);
  return [
    name,
    middle("announce"),
    worst("announce"),
    middle("withdraw"),
    worst("withdraw"),
    childMib.toFixed(0),
    exabgpMib.toFixed(0),
    String(drops),
  ];
}

async function main(prefixes: number, rounds: number): Promise<void> {
  print(await describeMachine());
  print(`${describeLoad("before")}; ${prefixes} prefixes, ${rounds} rounds\n`);
  const rows: string[][] = [];
  for (const family of ["ipv4", "ipv6"] as const) {
    for (const kind of CHILDREN) {
      rows.push(rowOf(`${kind}, ${family}`, await measure(kind, family, prefixes, rounds)));
    }
  }
  const heads = [
    "",
    "on the wire, s",
    "others' withdrawal meanwhile, worst ms",
    "off the wire, s",
    "the same, worst ms",
    "child PSS MiB",
    "ExaBGP PSS MiB",
    "session drops",
  ];
  print(formatTable(heads, rows));
  print(`\n${describeLoad("after")}`);
}

await main(Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 3));
