/**
 * Decision to line written, in lives of one announcement and one withdrawal each: that is what an agent on a healthy
 * PoP does, and its code has then never run before. Usage: node dist/bench/first-lines.js [LIVES], 10 by default.
 * Needs root.
 */
import { ANYCAST } from "../test/lab/pop.ts";
import { POP_SESSION } from "../test/lab/region.ts";
import { waitUntil } from "../test/lab/wait.ts";
import { decisionsIn, type LoggedDecision } from "./decisions.ts";
import { describeLoad, describeMachine } from "./machine.ts";
import { createStage } from "./stage.ts";
import { median } from "./statistics.ts";
import { formatTable, print } from "./table.ts";

const SERVICE = { name: "web", prefix: ANYCAST.ipv4.prefix, check: "http" } as const;

/** One agent under one ExaBGP, from start to withdrawal. */
async function live(): Promise<readonly LoggedDecision[]> {
  // Its defaults: nothing hurries, as on a PoP that has been up for days.
  const stage = await createStage({ program: "anyctl", services: [SERVICE], timing: {} });
  try {
    const { pop, transit } = stage;
    const sinceMs = await pop.web.kill();
    await transit.waitForEvent(
      { session: POP_SESSION.ipv4, prefix: SERVICE.prefix, kind: "withdrawn" },
      { sinceMs },
    );
    return await waitUntil("both decisions", () => {
      const decisions = decisionsIn(pop.exabgp.agentLog.lines());
      return decisions.length >= 2 ? decisions : undefined;
    });
  } finally {
    await stage.remove();
  }
}

async function main(lives: number): Promise<void> {
  print(`${await describeMachine()}\n${describeLoad("before")}; ${lives} lives\n`);
  const decisions: LoggedDecision[] = [];
  for (let nth = 0; nth < lives; nth += 1) decisions.push(...(await live()));
  const rows = [
    { name: "first announcement", to: "up" },
    { name: "first withdrawal", to: "down" },
  ].map(({ name, to }) => {
    const values = decisions.filter((it) => it.to === to).map(({ writeMs }) => writeMs);
    const numbers = [median(values), Math.min(...values), Math.max(...values)];
    return [name, String(values.length), ...numbers.map((ms) => ms.toFixed(2))];
  });
  print("Decision to line written, ms:\n");
  print(formatTable(["", "n", "median", "min", "max"], rows));
  print(`\n${describeLoad("after")}`);
}

await main(Number(process.argv[2] ?? 10));
