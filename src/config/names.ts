/** The names in a configuration, read without judging it: fast, because the schema is not needed for them. */
import { readDocument } from "./document.ts";
import { readFiles } from "./files.ts";
import { fullBudget } from "./limits.ts";
import { ConfigError } from "./problem.ts";
import { treeAt, type Tree } from "./tree.ts";

/** As it is written; nothing of it need be valid. */
export interface NamedService {
  readonly name: string;
  readonly checks: readonly string[];
  readonly prefixes: readonly string[];
}

/**
 * @param path The main file; `anyctl.d/*.yaml` beside it is read too.
 * @returns Services in the order of the files; none from a file that is missing or no YAML. Never throws.
 */
export function readNames(path: string): NamedService[] {
  const budget = fullBudget();
  return filesOf(path).flatMap((file) => {
    const { tree } = readDocument(file, budget);
    return tree === undefined ? [] : servicesIn(tree);
  });
}

function filesOf(path: string): ReturnType<typeof readFiles>["files"] {
  try {
    return readFiles(path).files;
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}

function servicesIn(tree: Tree): NamedService[] {
  const { tree: services, exists } = treeAt(tree, ["services"]);
  if (!exists) return [];
  return [...services.children].map(([name, service]) => ({
    name: String(name),
    checks: keysAt(service, "checks"),
    prefixes: [...childAt(service, "prefixes")].map(([, { value }]) => String(value)),
  }));
}

function keysAt(tree: Tree, key: string): string[] {
  return [...childAt(tree, key).keys()].map(String);
}

function childAt(tree: Tree, key: string): Tree["children"] {
  return tree.children.get(key)?.children ?? new Map<string, Tree>();
}
