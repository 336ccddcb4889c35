/** `anyctl agent`, as ExaBGP runs it. */
import { onReloadSignal } from "./process-setup.ts";
import { readLenient } from "../config/load.ts";
import { Agent } from "./agent.ts";
import { countStart } from "./crash-loop.ts";
import { prepare } from "./prepare.ts";
import { processSurroundings } from "./surroundings.ts";

/** @param argv What follows `agent` on the command line. */
export async function main(argv: readonly string[]): Promise<void> {
  const prepared = prepare(argv);
  if (prepared === undefined) return;
  const { socketPath } = readLenient(prepared.configPath);
  const start = countStart(socketPath, true);
  const agent = new Agent(prepared, { ...processSurroundings(), start });
  const running = agent.run();
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => agent.end(signal));
  await running;
  onReloadSignal(() => agent.reload());
}
