import assert from "node:assert/strict";
import test from "node:test";
import { normalizeRoute, type Route } from "exabgp-ts-bridge";
import fc from "fast-check";
import { stringify } from "yaml";
import { ConfigError, parseConfig } from "../../src/config/load.ts";
import { showConfig } from "../../src/config/show.ts";
import { attempt } from "./attempt.ts";

const BARE: Route = { prefix: "192.0.2.0/24", nextHop: "self" };

test("a generated configuration is valid, and shown it is the same", () => {
  const durationMs = fc.integer({ min: 500, max: 100_000 });
  const bytes = fc.constantFrom("PING\r\n", " x: #", "\u0000\u001b", "é", "- a", "0");
  const check = fc.oneof(
    fc.record({
      type: fc.constantFrom("tcp", "udp"),
      host: fc.ipV4(),
      port: fc.constant(7),
      send: bytes,
      expect: bytes,
    }),
    fc.record(
      {
        type: fc.constant("dns"),
        server: fc.constantFrom("::1", "[::1]:53", "127.0.0.1:53", "ns1.example"),
        name: fc.constantFrom(".", "health.example."),
        record: fc.constant("TXT"),
        expect: fc.array(bytes, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: ["type", "server", "name", "record"] },
    ),
    fc.record({
      type: fc.constant("tcp"),
      host: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()),
      port: fc.integer({ min: 1, max: 65_535 }),
    }),
    fc.record(
      {
        type: fc.constant("file"),
        path: fc.constantFrom("/etc/x", "/run/ä b", "/:#"),
        "max-age": fc.integer({ min: 1000, max: 1e8 }).map((ms) => `${ms}ms`),
        content: fc.constantFrom("a", "/a: #/i", " x"),
      },
      { requiredKeys: ["type", "path"] },
    ),
    fc.record(
      {
        type: fc.constant("address"),
        addresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { minLength: 1, maxLength: 5 }),
        interface: fc.constantFrom("lo", "eth0.5", "y"),
      },
      { requiredKeys: ["type"] },
    ),
    fc.record(
      {
        type: fc.constant("tls"),
        host: fc.constantFrom("::1", "a.example"),
        port: fc.integer({ min: 1, max: 65_535 }),
        "min-days-left": fc.integer({ min: 0, max: 3650 }),
        "tls-verify": fc.boolean(),
      },
      { requiredKeys: ["type", "host"] },
    ),
    fc.record(
      {
        type: fc.constant("http"),
        url: fc.constantFrom("http://127.0.0.1/", "https://[::1]:8443/x?y=1"),
        headers: fc.dictionary(
          fc.constantFrom("Accept", "X-A"),
          fc.string({ unit: "grapheme-ascii" }),
        ),
        "expect-body": fc.string({
          minLength: 1,
          maxLength: 20,
          unit: fc.constantFrom("a", ":", "#", "'", '"', " ", "-", "\n", "\t", "é", "{", "*"),
        }),
      },
      { requiredKeys: ["type", "url"] },
    ),
  );
  const timing = fc.record(
    {
      interval: durationMs.map((ms) => `${ms + 100_000}ms`),
      "fast-interval": durationMs.map((ms) => `${ms}ms`),
      timeout: durationMs.map((ms) => `${ms}ms`),
      rise: fc.integer({ min: 1, max: 100 }),
      fall: fc.integer({ min: 1, max: 100 }),
    },
    { requiredKeys: ["interval"] },
  );
  const timed = fc.tuple(check, timing).map(([keys, times]) => ({ ...keys, ...times }));
  // Its default are the prefixes of its service, and a shared one has none.
  const shareable = timed.filter((keys) => keys.type !== "address" || "addresses" in keys);
  const judging = fc.constantFrom({}, { advisory: true }, { advisory: false, weight: 7 });
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
  const part = fc.nat(65_535);
  const announce = fc.record(
    {
      "next-hop": fc.constantFrom("self", "2001:db8::1", { ipv6: "self" }),
      med: fc.nat(),
      "as-path-prepend": fc.nat(16),
      communities: fc.uniqueArray(
        fc.tuple(part, part).map(([high, low]) => `${high % 65_000}:${low}`),
        { minLength: 1, maxLength: 5 },
      ),
      origin: fc.constantFrom("igp", "egp", "incomplete"),
    },
    { requiredKeys: [] },
  );
  const neighbors = fc.uniqueArray(
    fc.oneof(
      fc.ipV4().filter((text) => /^(?!0\.)(\d\d?|1\d\d|2[01]\d|22[0-3])\./.test(text)),
      fc.ipV6().filter((text) => /^[23]\w{3}:/.test(text)),
    ),
    {
      minLength: 1,
      maxLength: 5,
      selector: (text) => normalizeRoute({ ...BARE, neighbors: [text] }).neighbors?.[0],
    },
  );
  const inState = fc.oneof(fc.constant("withdraw"), announce);
  const service = fc.record({
    allow: fc.constant(["hide"]),
    scope: fc.constant("local"),
    announce: fc
      .tuple(announce, fc.option(neighbors, { nil: undefined }))
      .map(([keys, some]) => ({ ...keys, "local-as": 64_496, ...(some && { neighbors: some }) })),
    when: fc.record({ down: inState, degraded: announce, draining: inState }, { requiredKeys: [] }),

    "min-up-time": fc.nat(3600).map((seconds) => `${seconds}s`),
    "on-stall": fc.constantFrom("withdraw", "keep"),
    "drain-delay": fc.integer({ min: 0, max: 3600 }).map((seconds) => `${seconds}s`),
    require: fc.constantFrom(
      "all",
      "any",
      { "at-least": 1 },
      { weight: 1 },
      { weight: 2, hysteresis: 1 },
    ),
    checks: fc
      .dictionary(
        name,
        fc
          .tuple(fc.oneof(timed, fc.record({ use: fc.constant("shared") })), judging)
          .map(([keys, judged]) => ({ ...keys, ...judged })),
        { maxKeys: 3 },
      )
      .map((checks) => ({ ...checks, "sure-1": { use: "shared", weight: 2 } })),
  });
  const window = fc.record(
    {
      services: fc.constant(["_all"]),
      cron: fc
        .tuple(fc.nat(59), fc.nat(23), fc.integer({ min: 1, max: 28 }))
        .map(([minute, hour, day]) => `${minute}  ${hour} ${day} * ?`),
      for: fc.integer({ min: 10, max: 3600 }).map((seconds) => `${seconds}s`),
      timezone: fc.constantFrom("Europe/Berlin", "Australia/Lord_Howe", "utc"),
      reason: fc
        .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
        .map((text) => `a${text}`),
    },
    { requiredKeys: ["services", "cron", "for", "reason"] },
  );
  const listen = fc.constantFrom({}, { http: { listen: "[2001:DB8::0]:1" } });
  let [announcing, checks, whileDown, windows] = [0, 0, 0, 0];
  let [uses, advisory, weighed] = [0, 0, 0];
  fc.assert(
    fc.property(
      fc.dictionary(name, service, { minKeys: 1, maxKeys: 4 }),
      fc.array(window),
      listen,
      shareable,
      (services, maintenance, http, shared) => {
        const withPrefixes = Object.entries(services).map(([key, keys], index) => [
          key,
          { ...keys, prefixes: [`2001:db8:${(index + 1).toString(16)}::/48`] },
        ]);
        const config = attempt(
          stringify({
            ...http,
            checks: { shared },
            services: Object.fromEntries(withPrefixes),
            maintenance,
          }),
        );
        if (config instanceof ConfigError) throw config;
        const again = parseConfig([{ path: "b.yaml", text: showConfig(config.files, "fra1") }]);
        assert.deepEqual(again.plan, config.plan);
        assert.deepEqual(again.settings, config.settings);
        assert.equal(again.hash, config.hash);
        announcing += config.plan.services.filter(
          ({ routes }) => routes[0]?.communities !== undefined,
        ).length;
        whileDown += config.plan.services.filter(({ when }) => when.down !== undefined).length;
        windows += config.settings.maintenance.length;
        const planned = config.plan.services.flatMap((one) => one.checks);
        checks += planned.length;
        uses += planned.filter(({ use }) => use === "shared").length;
        advisory += planned.filter((one) => one.advisory).length;
        weighed += planned.filter(({ weight }) => weight > 1).length;
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(
    Math.min(announcing, whileDown) > 100 && Math.min(checks, windows) > 500,
    `too shallow: ${announcing} ${checks} ${whileDown} ${windows}`,
  );
  assert.ok(Math.min(uses, advisory, weighed) > 200, `too shallow: ${uses} ${advisory} ${weighed}`);
});
