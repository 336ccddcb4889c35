/** When systemd is pinged, and when not; and that no test would let a ping from a bare timer pass. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { Watchdog } from "../../src/daemon/watchdog.ts";
import { temporaryFolder } from "../checks/temporary.ts";
import { BEHAVIOURS } from "./watchdog-behaviours.ts";
import type { WatchdogClass } from "./watchdog-scene.ts";

const COMPILED = new URL("../../src/daemon/", import.meta.url);

/** What the watchdog is made of; a mutant has one of them otherwise. */
const PARTS = ["watchdog.js", "pulse.js", "probe-progress.js"] as const;

interface Mutant {
  readonly name: string;
  readonly part: (typeof PARTS)[number];
  /** Found exactly once in the compiled file. */
  readonly from: string;
  readonly to: string;
}

const MUTANTS: readonly Mutant[] = [
  {
    name: "pings from a bare timer",
    part: "watchdog.js",
    from: "if (!isDue || !isProved || this.#withheld !== undefined)",
    to: "if (!isDue)",
  },
  {
    name: "pings whatever ExaBGP does",
    part: "watchdog.js",
    from: "const isProved = ",
    to: "const isProved = true || ",
  },
  {
    name: "pings whatever probes do",
    part: "watchdog.js",
    from: 'return "probes-stopped";',
    to: "return undefined;",
  },
  {
    name: "pings for an idle agent for ever",
    part: "watchdog.js",
    from: "this.#awakeMs > this.#idleEndMs",
    to: "false",
  },
  {
    name: "takes a standstill of its own for one of ExaBGP",
    part: "watchdog.js",
    from: "if (gapMs > STALL_MS)",
    to: "if (false)",
  },
  {
    name: "counts the time in which it stood still against probes",
    part: "watchdog.js",
    from: "Math.min(gapMs, 2 * LOOK_MS)",
    to: "gapMs",
  },
  {
    name: "takes a question for its answer",
    part: "pulse.js",
    from: "if (this.#askedMs !== undefined)\n            return false;",
    to: "",
  },
  {
    name: "takes one question without an answer for a hang",
    part: "pulse.js",
    from: "const UNANSWERED_MAX = 2;",
    to: "const UNANSWERED_MAX = 1;",
  },
  {
    name: "never asks",
    part: "pulse.js",
    from: "if (isWanted) {",
    to: "if (false) {",
  },
  {
    name: "takes any result for progress of all",
    part: "probe-progress.js",
    from: "const forMs = awakeMs - atMs;",
    to: "const forMs = awakeMs - this.#progressMs;",
  },
  {
    name: "lets checks wait for a place for ever",
    part: "probe-progress.js",
    from: "isWaiting(check.id) && awakeMs - this.#progressMs <= limitMs",
    to: "isWaiting(check.id)",
  },
];

describe("the watchdog", () => {
  for (const { name, show } of BEHAVIOURS) test(name, () => show(Watchdog));
});

describe("is missed by a mutant that", () => {
  test("is none", async (t) => {
    assert.deepEqual(failures(await load(t, undefined)), []);
  });
  for (const mutant of MUTANTS) {
    test(mutant.name, async (t) => {
      assert.notDeepEqual(failures(await load(t, mutant)), [], "nothing notices it");
    });
  }
});

/** Names of behaviours that it does not show. */
function failures(Class: WatchdogClass): string[] {
  return BEHAVIOURS.filter(({ show }) => {
    try {
      show(Class);
      return false;
    } catch (error) {
      if (error instanceof assert.AssertionError) return true;
      throw error;
    }
  }).map(({ name }) => name);
}

/** The compiled watchdog, changed. */
async function load(context: TestContext, mutant: Mutant | undefined): Promise<WatchdogClass> {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  for (const part of PARTS) {
    let text = readFileSync(new URL(part, COMPILED), "utf8");
    if (mutant?.part === part) {
      assert.equal(text.split(mutant.from).length, 2, `"${mutant.from}" is not once in ${part}`);
      text = text.replace(mutant.from, () => mutant.to);
    }
    // What is not copied is where it was.
    text = text.replaceAll(/from "(\.[^"]+)"/g, (whole, path: string) =>
      PARTS.some((one) => path === `./${one}`) ? whole : `from "${new URL(path, COMPILED).href}"`,
    );
    writeFileSync(join(folder, part), text);
  }
  const loaded = (await import(pathToFileURL(join(folder, "watchdog.js")).href)) as {
    readonly Watchdog: WatchdogClass;
  };
  return loaded.Watchdog;
}
