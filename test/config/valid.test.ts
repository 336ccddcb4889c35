import assert from "node:assert/strict";
import test from "node:test";
import { encodeAnnounce, normalizeRoute } from "exabgp-ts-bridge";
import { loadConfig, parseConfig } from "../../src/config/load.ts";
import { showConfig } from "../../src/config/show.ts";
import { assertExpected, fixturesOf } from "./fixtures.ts";

for (const { name, path } of fixturesOf("valid")) {
  const load = () => parseConfig(loadConfig(path).files, "test-host");

  test(`valid/${name} gives the expected settings and plan`, () => {
    const { settings, plan } = load();
    assertExpected(
      "valid",
      `${name}.plan.json`,
      `${JSON.stringify({ settings, plan }, null, 2)}\n`,
    );
  });

  test(`valid/${name} is plain data`, () => {
    const config = load();
    assert.deepEqual(JSON.parse(JSON.stringify(config)), withoutUndefined(config));
  });

  test(`valid/${name} shown is as expected, and parsed again the same`, () => {
    const config = load();
    const text = showConfig(config.files, "test-host");
    assertExpected("valid", `${name}.shown.txt`, text);
    const again = parseConfig([{ path: "shown.yaml", text }], "other-host");
    assert.deepEqual(again.plan, config.plan);
    assert.deepEqual(again.settings, config.settings);
    assert.equal(again.hash, config.hash);
    assert.equal(showConfig(again.files), text);
  });

  test(`valid/${name} has only routes that can be written, in the form in which they are read back`, () => {
    const services = load().plan.services;
    const routes = services.flatMap(({ routes: up, when }) => [up, ...Object.values(when)].flat());
    for (const route of routes) {
      assert.match(encodeAnnounce(route), /^(neighbor .*)?announce route [\x20-\x7e]+$/);
      assert.equal(JSON.stringify(route), JSON.stringify(normalizeRoute(route)));
    }
  });
}

/** JSON leaves out what is undefined; everything else must come back. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (value === null || typeof value !== "object") return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === undefined ? [] : [[key, withoutUndefined(item)]],
    ),
  );
}
