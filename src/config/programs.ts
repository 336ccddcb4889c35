/** Programs of `exec` checks that are not there: a warning, because a file may be written before its program is. */
import { accessSync, constants } from "node:fs";
import { readDocument } from "./document.ts";
import type { LoadedConfig } from "./load.ts";
import { formatPath, quote, type Path, type Problem } from "./problem.ts";
import { treeAt } from "./tree.ts";

/** Looked at as the user who asks, here and now: not for the agent, which has another one perhaps. */
export function programWarnings({ files, plan }: Pick<LoadedConfig, "files" | "plan">): Problem[] {
  const missing = new Map<string, { readonly path: Path; readonly program: string }>();
  for (const { name, checks } of plan.services) {
    for (const { spec, use, name: check } of checks) {
      if (spec.type !== "exec" || mayRun(spec.command[0])) continue;
      const place = use === undefined ? ["services", name, "checks", check] : ["checks", use];
      const path = [...place, "command", 0];
      missing.set(formatPath(path), { path, program: spec.command[0] });
    }
  }
  if (missing.size === 0) return [];
  const documents = files.map((file) => readDocument(file));
  return [...missing.values()].flatMap(({ path, program }) => {
    const document =
      documents.find(({ tree }) => tree !== undefined && treeAt(tree, path).exists) ?? documents[0];
    if (document === undefined) return [];
    const allowed = "a program that is there, and may be run";
    const message = `${quote(program)} cannot be run here, and the check will not pass`;
    return [{ ...document.place(path), path: formatPath(path), message, allowed }];
  });
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
