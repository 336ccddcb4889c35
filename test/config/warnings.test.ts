import assert from "node:assert/strict";
import test from "node:test";
import { formatProblem, parseConfig } from "../../src/config/load.ts";

const cases = [
  { name: "the defaults", defaults: "{}", check: "", warnings: [] },
  {
    name: "a short timeout",
    defaults: "{}",
    check: ", timeout: 249ms",
    warnings: [
      "6:67: services.dns.checks.a.timeout: timeout 249ms may fail a healthy service on a busy host; allowed: better 250ms or more",
    ],
  },
  {
    name: "a timeout that is just long enough",
    defaults: "{}",
    check: ", timeout: 250ms",
    warnings: [],
  },
  {
    name: "a short interval shortens the timeout",
    defaults: "{}",
    check: ", interval: 100ms",
    warnings: [
      "6:68: services.dns.checks.a.interval: timeout 100ms may fail a healthy service on a busy host; allowed: better 250ms or more",
    ],
  },
  {
    name: "a short timeout of defaults is said once",
    defaults: "{ timeout: 100ms }",
    check: ", interval: 5s",
    warnings: [
      "1:22: defaults.timeout: timeout 100ms may fail a healthy service on a busy host; allowed: better 250ms or more",
    ],
  },
];

for (const { name, defaults, check, warnings } of cases) {
  test(`${name}: ${warnings.length} warnings`, () => {
    const text = `defaults: ${defaults}
services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    checks: { a: { type: tcp, host: 127.0.0.1, port: 53${check} } }
`;
    const config = parseConfig([{ path: "a.yaml", text }]);
    assert.deepEqual(
      config.warnings.map(formatProblem),
      warnings.map((line) => `a.yaml:${line}`),
    );
  });
}

const stages = [
  { when: "{}", delay: "60s", lasts: "61s", services: "[dns]", warnings: [] },
  { when: "{ draining: withdraw }", delay: "0s", lasts: "10s", services: "[_all]", warnings: [] },
  {
    when: "{ draining: withdraw }",
    delay: "60s",
    lasts: "10s",
    services: "[_all]",
    warnings: [
      "6:18: services.dns.drain-delay: 60s has no effect: when.draining is withdraw; allowed: better 0s",
    ],
  },
  ...["[dns]", "[_all]"].map((services) => ({
    when: "{}",
    delay: "60s",
    lasts: "60s",
    services,
    warnings: [
      `9:${services === "[dns]" ? 48 : 49}: maintenance[0].for: 1m is over before dns is withdrawn, whose drain-delay is 1m; allowed: better more than 1m`,
    ],
  })),
];

for (const { when, delay, lasts, services, warnings } of stages) {
  test(`when ${when}, drain-delay ${delay}, ${services} for ${lasts}: ${warnings.length} warnings`, () => {
    const text = `services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    when: ${when}
    drain-delay: ${delay}
    checks: { a: { type: tcp, host: 127.0.0.1, port: 53 } }
maintenance:
  - { services: ${services}, cron: "0 3 * * 0", for: ${lasts}, reason: test }
`;
    const config = parseConfig([{ path: "a.yaml", text }]);
    assert.deepEqual(
      config.warnings.map(formatProblem),
      warnings.map((line) => `a.yaml:${line}`),
    );
  });
}

test("a weight where nothing is weighed, and a shared check that nobody uses: 2 warnings", () => {
  const text = `checks:
  used: { type: tcp, host: 127.0.0.1, port: 1 }
  unused: { type: tcp, host: 127.0.0.1, port: 2, timeout: 100ms }
services:
  dns:
    scope: local
    prefixes: [192.0.2.0/24]
    require: { at-least: 1 }
    checks:
      a: { use: used, weight: 5 }
      b: { use: used }
      c: { type: tcp, host: 127.0.0.1, port: 53, advisory: true }
  web:
    scope: local
    prefixes: [198.51.100.0/24]
    require: { weight: 5 }
    checks: { a: { use: used, weight: 5 } }
`;
  const config = parseConfig([{ path: "a.yaml", text }]);
  assert.deepEqual(config.warnings.map(formatProblem), [
    "a.yaml:3:3: checks.unused: is not probed: no service has a check with use: unused; allowed: better used, or removed",
    "a.yaml:3:59: checks.unused.timeout: timeout 100ms may fail a healthy service on a busy host; allowed: better 250ms or more",
    "a.yaml:10:31: services.dns.checks.a.weight: 5 has no effect: require is at-least; allowed: better require: { weight: NUMBER }",
  ]);
});
