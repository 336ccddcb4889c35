/** BIRD as the upstream; it also keeps every message as it was on the wire. Needs root. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { parseMrt } from "../lab/mrt.ts";
import { assertExpected, GOLDEN_SERVICES, goldenPrefixes } from "./golden.ts";
import { testRouter } from "./one-router.ts";

testRouter("bird", (session, link) => {
  test("heard exactly these octets", () => {
    const updates = parseMrt(readFileSync(join(dirname(link().router.logFile), "bird.mrt")));
    const lines = GOLDEN_SERVICES.flatMap((service) => [
      `# ${service}`,
      ...Object.values(goldenPrefixes(service)).map((prefix) => {
        const told = updates.filter((it) => it.prefix === prefix);
        const attributes = told.map((it) =>
          [...it.attributes].toSorted(([a], [b]) => a - b).map(([code, hex]) => `${code}:${hex}`),
        );
        return [prefix, ...attributes.map((it) => it.join(" "))].join(" ");
      }),
    ]);
    assertExpected(`${session}-wire.txt`, `${lines.join("\n")}\n`);
  });
});
