/** `anyctl agent`, as ExaBGP runs it. */
import { onReloadSignal } from "./process-setup.ts";
import { readLenient } from "../config/load.ts";
import { Agent } from "./agent.ts";
import { countStart } from "./crash-loop.ts";
import { Lock, ownClaimant } from "./lock.ts";
import { prepare } from "./prepare.ts";
import { processSurroundings } from "./surroundings.ts";
import { waitForLock } from "./waiting.ts";

/** @param argv What follows `agent` on the command line. */
export async function main(argv: readonly string[]): Promise<void> {
  const prepared = prepare(argv);
  if (prepared === undefined) return;
  const files = readLenient(prepared.configPath);
  const start = countStart(files.socketPath, true);
  const surroundings = { ...processSurroundings(), start };
  let end = (_signal: string): void => {
    start.clean();
    surroundings.end(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => end(signal));
  const lock = new Lock({ stateDir: files.stateDir, own: ownClaimant() });
  process.on("exit", () => lock.release());
  await waitForLock({ ...prepared, ...files, lock, surroundings });
  const agent = new Agent(prepared, surroundings);
  end = (signal) => agent.end(signal);
  await agent.run();
  onReloadSignal(() => agent.reload());
}
