/** What the schema finds, in our words and at its places in the file. */
import { z } from "zod";
import type { ConfigDocument } from "./document.ts";
import { formatPath, quote, type Path, type Problem } from "./problem.ts";
import { HIDDEN, isSecretPath, withoutSecretKey } from "./secrets.ts";
import { treeAt } from "./tree.ts";

/** A value without its invalid parts: absent means absent or wrong; list positions stay. */
export type Draft<T> = T extends readonly (infer Item)[]
  ? readonly (Draft<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Draft<T[Key]> | undefined }
    : T;

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** One thing to say about one place. */
interface Finding {
  readonly path: Path;
  /** "must be ALLOWED", or another sentence about the value. */
  readonly message: string;
  readonly about: "value" | "unknown-key" | "name";
  /** What must not be used, where it is more than `path`. */
  readonly cut?: Path;
}

/** Each round cuts out what the one before could not see; two are usual. */
const ROUNDS_MAX = 10;

/**
 * Rules about several keys of one map run only when each is right: so the schema judges again, without the wrong ones,
 * until it finds nothing new.
 *
 * @returns The parts that are right, and a problem for each that is not.
 */
export function validate<T>(
  schema: z.ZodType<T>,
  document: ConfigDocument,
): { draft: Draft<T> | undefined; problems: Problem[] } {
  const problems: Problem[] = [];
  const known = new Set<string>();
  const root = { value: structuredClone(document.tree?.value) };
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const result = schema.safeParse(root.value, { error: wordIssue });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a whole value is a draft too
    if (result.success) return { draft: result.data as Draft<T>, problems };
    const found = result.error.issues.flatMap((issue) => findingsOf(issue, root.value));
    // What was cut out in an earlier round is missing now; that is known.
    const findings = found.filter(({ path, cut }) => {
      return !known.has(formatPath(path)) && !known.has(formatPath(cut ?? path));
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was found wrong is cut out, and a draft allows for absence
    if (findings.length === 0) return { draft: root.value as Draft<T>, problems };
    for (const finding of findings) {
      problems.push(wordProblem(finding, document));
      known.add(formatPath(finding.path)).add(formatPath(finding.cut ?? finding.path));
    }
    for (const finding of findings) prune(root, finding);
  }
  // What is left was not judged to the end, and must not be used.
  return { draft: undefined, problems };
}

/** The message that the schema itself does not give. */
function wordIssue(issue: RawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPE_WORDS[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.map(String).join(" or ")}`;
    case "too_small":
      return `must be at least ${issue.minimum}${UNIT_WORDS[issue.origin] ?? ""}`;
    case "too_big":
      return `must be at most ${issue.maximum}${UNIT_WORDS[issue.origin] ?? ""}`;
    case "unrecognized_keys":
      return `must be ${keysOf(issue.inst).join(", ")}`;
    case "invalid_union":
      return "options" in issue && Array.isArray(issue.options)
        ? `must be ${issue.options.map(String).join(" or ")}`
        : "must be of another form";
    case "invalid_format":
    case "invalid_key":
    case "invalid_element":
    case "not_multiple_of":
    case "custom":
      return "must be of another form";
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

const UNIT_WORDS: Readonly<Record<string, string>> = { string: " characters", array: " entries" };

function keysOf(schema: unknown): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** @param root What was judged; `above` is where in it `issue` begins. */
function findingsOf(issue: Issue, root: unknown, above: Path = []): Finding[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === "symbol" ? "" : part))];
  if (issue.code === "unrecognized_keys") {
    const { message } = issue;
    return issue.keys.map((key) => ({ path: [...path, key], message, about: "unknown-key" }));
  }
  if (issue.code === "invalid_key") {
    return [{ path, message: issue.issues[0]?.message ?? issue.message, about: "name" }];
  }
  if (issue.code === "invalid_union") {
    // The form that was meant: the only one that had something to say about the inside.
    const meant = issue.errors.filter((errors) => errors.every((error) => isInside(error)));
    const one = meant.length === 1 ? meant[0] : formOf(path.reduce(childOf, root), meant);
    if (one !== undefined) return one.flatMap((error) => findingsOf(error, root, path));
    if ("discriminator" in issue) {
      // Without a known `type` nothing beside it has been looked at.
      return [{ path, message: issue.message, about: "value", cut: path.slice(0, -1) }];
    }
  }
  return [{ path, message: issue.message, about: "value" }];
}

/**
 * Of several forms the one that knows most of the keys that are there. Of those that know as many, the one that its
 * `type` names: what was forgotten is the type.
 */
function formOf(value: unknown, forms: readonly Issue[][]): Issue[] | undefined {
  const strange = (error: Issue) => {
    if (error.code === "unrecognized_keys") return error.keys.length;
    // Without a known type nothing beside it has been looked at.
    const isTypeless =
      "discriminator" in error && childOf(value, error.discriminator) === undefined;
    return isTypeless ? Object.keys(value ?? {}).length : 0;
  };
  const counts = forms.map((errors) => errors.reduce((sum, error) => sum + strange(error), 0));
  const best = forms.filter((_, nth) => counts[nth] === Math.min(...counts));
  return best.length === 1
    ? best[0]
    : best.find((errors) => errors.some((error) => "discriminator" in error));
}

function isInside(issue: Issue): boolean {
  return issue.path.length > 0 || issue.code === "unrecognized_keys";
}

function wordProblem({ path, message, about }: Finding, document: ConfigDocument): Problem {
  const place = {
    ...document.place(path, about === "value" ? "value" : "key"),
    path: formatPath(withoutSecretKey(path)),
  };
  const allowed = message.startsWith("must be ") ? message.slice("must be ".length) : "";
  if (about === "unknown-key") return { ...place, message: "unknown key", allowed };
  if (about === "name") {
    return { ...place, message: allowed === "" ? message : "not a name", allowed };
  }
  const found = document.tree === undefined ? undefined : treeAt(document.tree, path);
  if (found?.exists !== true) return { ...place, message: "is missing", allowed };
  if (found.tree.value === null) return { ...place, message: "has no value", allowed };
  const seen = isSecretPath(path) ? HIDDEN : quote(found.tree.value);
  return { ...place, message: `${seen} ${allowed === "" ? message : "is not allowed"}`, allowed };
}

/** Cuts what is wrong out of `root.value`; the other positions of a list stay. */
function prune(root: { value: unknown }, { path, about, cut = path }: Finding): void {
  let holder: unknown = root;
  let key: string | number = "value";
  for (const part of cut) {
    holder = childOf(holder, key);
    key = part;
  }
  if (holder === null || typeof holder !== "object") return;
  if (about !== "value") Reflect.deleteProperty(holder, key);
  else if (Object.hasOwn(holder, key)) Reflect.set(holder, key, undefined);
}

function childOf(holder: unknown, key: string | number | undefined): unknown {
  return holder !== null &&
    typeof holder === "object" &&
    key !== undefined &&
    Object.hasOwn(holder, key)
    ? Reflect.get(holder, key)
    : undefined;
}
