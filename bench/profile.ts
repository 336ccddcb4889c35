/**
 * Where the agent's time goes: by module and by function, while it does one of the loads of scale.ts.
 * Usage: node dist/bench/profile.js [TYPE] [COUNT] [INTERVAL_MS] [SECONDS], by default http, 1000, 1000 and 30.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createScaleStage, type Load } from "./scale-stage.ts";
import { formatTable, print } from "./table.ts";

/** As V8 writes it; times in microseconds. */
interface Profile {
  readonly startTime: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Of the lists, the longest part is what nobody can change. */
const MODULES = 20;
const FUNCTIONS = 20;

/** @param lastMs Of the profile; the start of the agent is before. */
function spent(profile: Profile, lastMs: number) {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const modules = new Map<string, number>();
  const functions = new Map<string, number>();
  let leftUs = lastMs * 1000;
  let busyUs = 0;
  for (let at = profile.samples.length - 1; at >= 0 && leftUs > 0; at -= 1) {
    const us = profile.timeDeltas[at] ?? 0;
    const frame = nodes.get(profile.samples[at] ?? -1);
    leftUs -= us;
    if (frame === undefined || frame.functionName === "(idle)") continue;
    busyUs += us;
    const module = moduleOf(frame);
    const name = `${frame.functionName || "(anonymous)"} of ${module}`;
    modules.set(module, (modules.get(module) ?? 0) + us);
    functions.set(name, (functions.get(name) ?? 0) + us);
  }
  return { modules, functions, busyUs };
}

/** A module of Node.js, a package, or a file of ours. */
function moduleOf({ functionName, url }: { functionName: string; url: string }): string {
  if (url === "") return functionName.startsWith("(") ? functionName : "native";
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  return name ?? url.replace(/^.*\/dist\//, "");
}

function table(head: string, times: ReadonlyMap<string, number>, busyUs: number, most: number) {
  const rows = [...times]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, most)
    .map(([name, us]) => [name, ((100 * us) / busyUs).toFixed(1)]);
  return formatTable([head, "% of busy time"], rows);
}

async function main(load: Load, seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "anyctl-profile-"));
  try {
    const stage = await createScaleStage([load], ["--cpu-prof", `--cpu-prof-dir=${folder}`]);
    await delay(seconds * 1000);
    await stage.stop();
    const [file = ""] = readdirSync(folder);
    const profile: Profile = JSON.parse(readFileSync(join(folder, file), "utf8"));
    const { modules, functions, busyUs } = spent(profile, seconds * 1000);
    const part = ((100 * busyUs) / (seconds * 1e6)).toFixed(0);
    print(`${load.count} ${load.type} checks at ${load.intervalMs} ms: ${part} % of a core\n`);
    print(`${table("module", modules, busyUs, MODULES)}\n`);
    print(table("function", functions, busyUs, FUNCTIONS));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [type = "http", count = 1000, intervalMs = 1000, seconds = 30] = process.argv.slice(2);
await main(
  {
    type: type === "tcp" ? "tcp" : "http",
    count: Number(count),
    intervalMs: Number(intervalMs),
  },
  Number(seconds),
);
