/** All commands, in the order of the help. Each is loaded when it is asked for. */
import type { Command } from "./command.ts";

export const COMMANDS: ReadonlyMap<string, () => Promise<{ readonly command: Command }>> = new Map([
  ["status", () => import("./commands/status.ts")],
  ["why", () => import("./commands/why.ts")],
  ["drain", () => import("./commands/drain.ts")],
  ["undrain", () => import("./commands/undrain.ts")],
  ["pin", () => import("./commands/pin.ts")],
  ["unpin", () => import("./commands/unpin.ts")],
  ["audit", () => import("./commands/audit.ts")],
  ["check", () => import("./commands/check.ts")],
  ["reload", () => import("./commands/reload.ts")],
  ["config", () => import("./commands/config.ts")],
  ["init", () => import("./commands/init.ts")],
  ["doctor", () => import("./commands/doctor.ts")],
  ["simulate", () => import("./commands/simulate.ts")],
  ["agent", () => import("./commands/agent.ts")],
  ["completion", () => import("./commands/completion.ts")],
  ["version", () => import("./commands/version.ts")],
]);

export async function loadCommand(name: string): Promise<Command | undefined> {
  return (await COMMANDS.get(name)?.())?.command;
}

export async function loadAllCommands(): Promise<Command[]> {
  const modules = await Promise.all([...COMMANDS.values()].map((load) => load()));
  return modules.map(({ command }) => command);
}
