/** A folder of orders that is watched as the agent does it, and what the agent would be told. */
import { EventEmitter, once } from "node:events";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Drain, Pin, Undrain } from "../../src/core/inputs.ts";
import { type Clock, systemClock } from "../../src/daemon/clock.ts";
import type { OrderFormat } from "../../src/daemon/order-entries.ts";
import { OrderFolder } from "../../src/daemon/order-folder.ts";
import { temporaryFolder } from "../checks/temporary.ts";

export interface Change<T> {
  readonly orders: readonly T[];
  readonly ends: readonly Undrain[];
}

/** `change(act)` acts and resolves with what the agent is told next, `complaint(act)` with the next problem. */
export async function watchedFolder<T extends Drain | Pin>(
  t: TestContext,
  format: OrderFormat<T>,
  prepare: (folder: string) => void = () => {},
  clock: Clock = systemClock,
) {
  const folder = join(temporaryFolder(t), "drains");
  mkdirSync(folder);
  prepare(folder);
  const events = new EventEmitter();
  const changes: Change<T>[] = [];
  const problems: [kind: string, text: string | undefined][] = [];
  const orders = new OrderFolder<T>({
    folder,
    format,
    clock,
    changed(standing, ends) {
      changes.push({ orders: standing, ends });
      events.emit("change", changes.at(-1));
    },
    problem(text, kind) {
      problems.push([kind, text]);
      events.emit("problem", text);
    },
  });
  t.after(() => orders.stop());
  const beganMs = performance.now();
  await orders.start();
  const tookMs = performance.now() - beganMs;
  const next = async <E>(event: string, act: () => void): Promise<E> => {
    const heard = once(events, event);
    act();
    const [first] = (await heard) as [E];
    return first;
  };
  return {
    folder,
    orders,
    /** How long the first look at all files took. */
    tookMs,
    first: changes[0] ?? { orders: [], ends: [] },
    changes,
    problems,
    change: (act: () => void) => next<Change<T>>("change", act),
    complaint: (act: () => void) => next<string | undefined>("problem", act),
  };
}

/** As the command line does it: whole or not at all. */
export function put(folder: string, name: string, content: unknown): void {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  const temporary = join(folder, `.${name}.${process.pid}`);
  writeFileSync(temporary, text, { mode: 0o644 });
  renameSync(temporary, join(folder, name));
}
