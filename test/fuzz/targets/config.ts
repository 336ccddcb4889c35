/** anyctl.yaml: what an editor, a template engine or an attacker has made of it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { encodeAnnounce, encodeWithdraw } from "exabgp-ts-bridge";
import fc from "fast-check";
import { ConfigError } from "../../../src/config/load.ts";
import { attempt } from "../../config/attempt.ts";
import { fixturesOf } from "../../config/fixtures.ts";
import { toldBy } from "../command-line.ts";
import { target } from "../target.ts";
import { babble, mutated, nasty, oddJson } from "../texts.ts";

const WORDS =
  ": |:\n|- |\n|\n  |\n    |\n      |[|]|{|}|, |&a |*a|<<: |? |!!int |!x |'|\"|#|- |---\n|...\n|%YAML 1.1\n||\n|>\n|services:|dns:|prefixes: [192.0.2.0/24]|scope: local|checks:|a: { type: tcp, host: 127.0.0.1, port: 53 }|type: exec|interval: |1s|0ms|999999999h|announce:|med: |.inf|0o7|0x1F|1_000|1e99|when:|down: withdraw|maintenance:|cron: |'* * * * *'|require: |hold: damping-safe|exabgp:|dialect: 4|http:|listen: \"127.0.0.1:9179\"|state-dir: /x|defaults:|__proto__: ".split(
    "|",
  );

/** A tree of known keys with right and wrong values, as JSON, which is YAML. */
const value: fc.Arbitrary<unknown> = fc.oneof(
  nasty,
  fc.constantFrom<unknown>(
    "1s",
    "500ms",
    "7d",
    "all",
    "any",
    "withdraw",
    "local",
    "damping-safe",
    "self",
    "igp",
    "64496:1",
    "no-export",
    "192.0.2.0/24",
    "2001:db8::/48",
    "0.0.0.0/0",
    0,
    1,
    -1,
    2 ** 32,
    2 ** 53,
    1.5,
    1e308,
    true,
    null,
    [],
    {},
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
/** Mostly nothing: of two mistakes one is enough. */
const rarely = (
  one: fc.Arbitrary<Record<string, unknown>>,
): fc.Arbitrary<Record<string, unknown>> =>
  fc.oneof({ weight: 7, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: one });
const keys =
  (...names: string[]) =>
  (one: fc.Arbitrary<unknown>) =>
    fc.dictionary(
      fc.oneof(
        { weight: 20, arbitrary: fc.constantFrom(...names) },
        { weight: 1, arbitrary: nasty },
      ),
      one,
      { maxKeys: 3 },
    );
const check = fc
  .tuple(
    fc.constantFrom(
      { type: "tcp", host: "127.0.0.1", port: 1 },
      { type: "http", url: "http://127.0.0.1/" },
      { type: "dns", server: "127.0.0.1:53", name: "a.example", record: "A" },
      { type: "exec", command: ["/bin/true"] },
      { type: "file", path: "/x" },
    ),
    keys(
      "interval",
      "timeout",
      "rise",
      "fall",
      "type",
      "host",
      "url",
      "port",
      "advisory",
      "weight",
      "use",
      "headers",
      "expect-body",
      "send",
    )(value),
    fc.integer({ min: 0, max: 3 }).map((one) => one > 0),
  )
  .map(([right, wrong, isRight]) => (isRight ? right : { ...right, ...wrong }));
const edge = fc.constantFrom<number | string>(
  0,
  1,
  64_496,
  65_535,
  65_536,
  4_294_967_295,
  4_294_967_296,
  "192.0.2.1",
  "01",
);
const community = fc
  .tuple(
    fc.constantFrom("", "", "target:", "origin:"),
    fc.array(edge, { minLength: 2, maxLength: 3 }),
  )
  .map(([kind, parts]) => kind + parts.join(":"));
const attributes = keys(
  "next-hop",
  "med",
  "origin",
  "communities",
  "large-communities",
  "extended-communities",
  "as-path-prepend",
  "local-as",
  "neighbors",
)(fc.oneof(value, fc.array(fc.oneof(value, community), { maxLength: 3 })));
/** One at the edge of its numbers, and nothing else that could be wrong. */
const communities = fc.oneof(
  ...[
    { key: "communities", kinds: [""], parts: 2 },
    { key: "large-communities", kinds: [""], parts: 3 },
    { key: "extended-communities", kinds: ["target:", "origin:"], parts: 2 },
  ].map(({ key, kinds, parts }) =>
    fc
      .tuple(fc.constantFrom(...kinds), fc.array(edge, { minLength: parts, maxLength: parts }))
      .map(([kind, numbers]) => ({ [key]: [kind + numbers.join(":")] })),
  ),
);
const service = fc.record(
  {
    prefixes: fc.uniqueArray(
      fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom("192.0.2.0/24", "2001:db8::/48") },
        { weight: 1, arbitrary: value },
      ),
      { minLength: 1, maxLength: 2 },
    ),
    scope: fc.constant("local"),
    checks: fc.dictionary(fc.constantFrom("a", "b"), check, { minKeys: 1, maxKeys: 2 }),
    announce: fc.oneof(
      { weight: 3, arbitrary: fc.constant({ med: 5, communities: ["64496:1"] }) },
      { weight: 1, arbitrary: attributes },
      { weight: 2, arbitrary: communities },
    ),
    when: rarely(keys("down", "degraded", "draining")(fc.oneof(attributes, value))),
    more: rarely(
      keys("require", "hold", "shared", "min-up-time", "drain-delay", "on-stall", "scope")(value),
    ),
  },
  { requiredKeys: ["prefixes", "scope", "checks"] },
);
const tree = fc
  .record(
    {
      services: fc.dictionary(fc.constantFrom("dns", "web", "a".repeat(63)), service, {
        minKeys: 1,
        maxKeys: 2,
      }),
      more: rarely(
        keys(
          "pop",
          "socket",
          "state-dir",
          "exabgp",
          "http",
          "defaults",
          "maintenance",
          "checks",
        )(fc.oneof(value, keys("listen", "dialect", "ack-timeout", "interval", "rise")(value))),
      ),
    },
    { requiredKeys: ["services"] },
  )
  .map(({ services, more = {} }) => {
    const spread = Object.entries(services).map(
      ([name, { more: rest = {}, ...one }]) => [name, { ...one, ...rest }] as const,
    );
    return JSON.stringify({ services: Object.fromEntries(spread), ...more });
  });

/** What costs a parser its stack, its memory, or time that grows with the square. */
const large = fc
  .tuple(
    fc.oneof(fc.constantFrom(...WORDS), nasty),
    fc.constantFrom(...Array.from({ length: 19 }, (_, nth) => nth * 1000), 1_048_576),
  )
  .map(([piece, size]) => piece.repeat(Math.ceil(size / (piece.length + 1))));
const bomb = fc
  .tuple(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 2, max: 12 }))
  .map(
    ([depth, width]) =>
      `a: &a0 [x]\n${Array.from({ length: depth }, (_, nth) => `b${nth}: &a${nth + 1} [${`*a${nth},`.repeat(width)}]\n`).join("")}`,
  );

export const CONFIG = target(
  "config",
  "any text is a configuration whose routes ExaBGP can be told, or a ConfigError; in time",
  () => {
    // The bomb among them is expensive by design.
    const texts = [...fixturesOf("valid"), ...fixturesOf("valid"), ...fixturesOf("invalid")]
      .filter(({ name }) => name !== "alias-bomb")
      .map(({ path }) => readFileSync(path, "utf8"));
    const reached = { valid: 0, refused: 0, staged: 0 };
    return {
      reached,
      input: fc.oneof(
        {
          weight: 60,
          arbitrary: mutated(fc.constantFrom(...texts), fc.oneof(fc.constantFrom(...WORDS), nasty)),
        },
        { weight: 120, arbitrary: tree },
        { weight: 30, arbitrary: babble(WORDS) },
        { weight: 5, arbitrary: oddJson },
        { weight: 2, arbitrary: bomb },
        { weight: 1, arbitrary: large },
      ),
      attempt(text) {
        const config = attempt(text);
        reached[config instanceof ConfigError ? "refused" : "valid"] += 1;
        if (config instanceof ConfigError) return;
        for (const { routes, when, name } of config.plan.services) {
          assert.match(name, /^[a-z0-9][a-z0-9-]{0,62}$/);
          const staged = Object.values(when).flat();
          if (staged.length > 0) reached.staged += 1;
          for (const route of [...routes, ...staged]) {
            assert.deepEqual(toldBy(encodeAnnounce(route))?.prefixes, [route.prefix]);
            assert.deepEqual(toldBy(encodeWithdraw(route))?.prefixes, [route.prefix]);
          }
        }
      },
    };
  },
);
