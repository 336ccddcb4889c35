/** The values of one file together with their places in it. */
import { isAlias, isMap, isScalar, isSeq, type Document, type Node } from "yaml";
import { VALUES_MAX, type Budget } from "./limits.ts";
import type { Path } from "./problem.ts";

/** A value and where it is written. */
export interface Tree {
  /** Plain data: maps have no prototype. */
  readonly value: unknown;
  readonly offset: number;
  /** Of the key that leads here; -1 in a list and at the top. */
  readonly keyOffset: number;
  readonly children: ReadonlyMap<string | number, Tree>;
}

/** A mistake that the schema cannot see. */
interface TreeMistake {
  readonly path: Path;
  readonly offset: number;
  readonly message: string;
  readonly allowed: string;
  /** Where the same key was before. */
  readonly earlierOffset?: number;
}

interface GrownTree {
  readonly tree: Tree;
  readonly mistakes: readonly TreeMistake[];
  /** Whether no value was left out. */
  readonly isWhole: boolean;
}

/**
 * Reads a parsed document in linear time: duplicate keys are found with a map (the parser compares each key with
 * each), and aliases are expanded until the budget is spent.
 */
export function growTree(document: Document.Parsed, budget: Budget): GrownTree {
  const mistakes: TreeMistake[] = [];
  const anchors = new Map<string, Node>();
  const open = new Set<Node>();

  const top = grow(document.contents, [], -1, 0);
  return { tree: top, mistakes, isWhole: budget.valuesLeft >= 0 };

  function grow(node: unknown, path: Path, keyOffset: number, offset: number): Tree {
    budget.valuesLeft -= 1;
    if (budget.valuesLeft === -1) {
      mistakes.push({
        path: [],
        offset,
        message: "too many values, with aliases expanded",
        allowed: `at most ${VALUES_MAX} in all files`,
      });
    }
    const leaf = { offset, keyOffset, children: new Map() };
    if (budget.valuesLeft < 0) return { ...leaf, value: null };
    if (isAlias(node)) return growAlias(node.source, path, keyOffset, node.range?.[0] ?? offset);
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return { ...leaf, value: null };
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    const place = { offset: node.range?.[0] ?? offset, keyOffset };
    if (node.tag !== undefined && !isImplicit(node)) {
      mistakes.push({
        path,
        offset: place.offset,
        message: "has a tag",
        allowed: "plain YAML 1.2 without tags",
      });
    }
    if (isScalar(node)) return { ...place, value: node.value, children: new Map() };
    open.add(node);
    const tree = isMap(node) ? growMap(node.items, path, place) : growList(node.items, path, place);
    open.delete(node);
    return tree;
  }

  function growAlias(name: string, path: Path, keyOffset: number, offset: number): Tree {
    const node = anchors.get(name);
    if (node !== undefined && !open.has(node)) return grow(node, path, keyOffset, offset);
    const message = node === undefined ? "is an alias without an anchor" : "is an alias of itself";
    mistakes.push({ path, offset, message, allowed: "an alias of an earlier anchor" });
    return { value: null, offset, keyOffset, children: new Map() };
  }

  function growMap(
    items: readonly { key: unknown; value: unknown }[],
    path: Path,
    place: { offset: number; keyOffset: number },
  ): Tree {
    const value: Record<string, unknown> = Object.setPrototypeOf({}, null);
    const children = new Map<string | number, Tree>();
    for (const { key, value: item } of items) {
      const keyOffset = offsetOf(key) ?? place.offset;
      const name = nameOf(key);
      if (name === "__proto__") {
        // It would be lost on the way to the schema.
        mistakes.push({
          path: [...path, name],
          offset: keyOffset,
          message: "unknown key",
          allowed: "another name",
        });
        continue;
      }
      if (name === undefined) {
        mistakes.push({
          path,
          offset: keyOffset,
          message: "has a key that is no text",
          allowed: "keys that are plain words or quoted text",
        });
        continue;
      }
      const earlier = children.get(name);
      if (earlier !== undefined) {
        mistakes.push({
          path: [...path, name],
          offset: keyOffset,
          message: "is given twice",
          allowed: "each key once",
          earlierOffset: earlier.keyOffset,
        });
      }
      const child = grow(item, [...path, name], keyOffset, keyOffset);
      // The first one counts, so that a second one causes no other mistakes.
      if (earlier !== undefined) continue;
      children.set(name, child);
      value[name] = child.value;
    }
    return { ...place, value, children };
  }

  function growList(
    items: readonly unknown[],
    path: Path,
    place: { offset: number; keyOffset: number },
  ): Tree {
    const grown = items.map((item, index) => grow(item, [...path, index], -1, place.offset));
    return { ...place, value: grown.map(({ value }) => value), children: new Map(grown.entries()) };
  }
}

/** @returns The tree at `path`, or at as much of it as exists, and whether all of it does. */
export function treeAt(tree: Tree, path: Path): { tree: Tree; exists: boolean } {
  let at = tree;
  for (const part of path) {
    const child = at.children.get(part);
    if (child === undefined) return { tree: at, exists: false };
    at = child;
  }
  return { tree: at, exists: true };
}

/** Numbers are names too (`53:`); the schema then judges them. */
function nameOf(key: unknown): string | undefined {
  const value = isScalar(key) ? key.value : undefined;
  if (typeof value === "string") return value;
  return value === null ? undefined : JSON.stringify(value);
}

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)
    ? node.range?.[0]
    : undefined;
}

/** `!` alone only says that the scalar is text. */
function isImplicit(node: Node): boolean {
  return isScalar(node) && node.tag === "!";
}
