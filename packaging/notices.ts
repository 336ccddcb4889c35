/** Whose work is in the package, and under which terms. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Names that packages give the file; the text must be there, their word in package.json is not enough. */
const LICENSE_FILE = /^(?:licen[cs]e|copying)(?:[.-].*)?$/i;

interface Notice {
  readonly title: string;
  readonly text: string;
}

/**
 * @param packages Folders below `root`.
 * @throws {Error} If one of them has no text of its licence.
 */
export function copyrightText(
  root: string,
  packages: readonly string[],
  node: { readonly version: string; readonly licensePath: string },
): string {
  const own = readFileSync(join(root, "LICENSE"), "utf8");
  const notices = mergeEqual([
    ...packages.map((folder) => noticeOf(root, folder)),
    { title: `Node.js ${node.version}`, text: readFileSync(node.licensePath, "utf8") },
  ]);
  const list = notices.map(({ title }) => `  ${title}`).join("\n");
  return `anyctl

${own.trim()}

The files below /usr/lib/anyctl also hold, unchanged but for being put together into few files:

${list}

Their terms follow.
${notices.map(({ title, text }) => `\n${"-".repeat(78)}\n${title}\n\n${text.trim()}\n`).join("")}`;
}

function noticeOf(root: string, folder: string): Notice {
  const path = join(root, folder);
  const { name, version, license }: Record<string, unknown> = Object(
    JSON.parse(readFileSync(join(path, "package.json"), "utf8")),
  );
  const files = readdirSync(path).filter((file) => LICENSE_FILE.test(file));
  if (files.length === 0) throw new Error(`Cannot find a licence in ${path}`);
  const texts = files.toSorted().map((file) => readFileSync(join(path, file), "utf8").trim());
  return {
    title: `${String(name)} ${String(version)} (${String(license)})`,
    text: texts.join("\n\n"),
  };
}

/** Many have the same author and the same text. */
function mergeEqual(notices: readonly Notice[]): Notice[] {
  const titles = new Map<string, string[]>();
  for (const { title, text } of notices) {
    const known = titles.get(text) ?? [];
    if (!known.includes(title)) known.push(title);
    titles.set(text, known);
  }
  return [...titles].map(([text, found]) => ({ title: found.join("\n  "), text }));
}
