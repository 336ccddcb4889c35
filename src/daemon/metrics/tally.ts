/** Counts by words: cheap where things happen, made into series when somebody asks. */
import type { Row } from "./family.ts";

export class Tally<Label extends string> {
  readonly #counts = new Map<string, { labels: Readonly<Record<Label, string>>; count: number }>();

  /** @param key Different for different `labels`, which are looked at only when it is new. */
  add(key: string, labels: () => Readonly<Record<Label, string>>): void {
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { labels: labels(), count: 1 });
    else known.count += 1;
  }

  has(key: string): boolean {
    return this.#counts.has(key);
  }

  *rows(): Iterable<Row<Label>> {
    for (const { labels, count } of this.#counts.values()) yield [labels, count];
  }
}
