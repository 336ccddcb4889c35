import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { Address6 } from "ip-address";
import { addressKey, keyRange } from "../../checks/address-key.ts";
import { isRoot } from "./as-user.ts";
import { HANG_MS, PATIENCE_MS, runCheck } from "./probing.ts";
import { systemTimers } from "../../checks/timers.ts";

const program = fileURLToPath(new URL("stepped.js", import.meta.url));

async function judge(keys: object): Promise<string> {
  const { result, error } = await runCheck({ type: "address", ...keys });
  assert.equal(error, undefined);
  return `${result.outcome} ${result.reason}: ${result.detail}`;
}

/** A network namespace of its own; `check` probes in it. */
async function host(context: TestContext) {
  const name = `anyctl-addr-${process.pid}`;
  const ip = (line: string): string => execFileSync("ip", line.split(" "), { encoding: "utf8" });
  const ipIn = (line: string): string => ip(`-n ${name} ${line}`);
  ip(`netns add ${name}`);
  context.after(() => ip(`netns delete ${name}`));
  const child = spawn("ip", ["netns", "exec", name, process.execPath, program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  context.after(async () => {
    child.stdin.end();
    await gone;
  });
  const lines = createInterface(child.stdout);
  const check = async (addresses: readonly string[], interfaceName?: string): Promise<string> => {
    const said = once(lines, "line") as Promise<[string]>;
    const keys = { addresses, ...(interfaceName !== undefined && { interface: interfaceName }) };
    child.stdin.write(`${JSON.stringify({ type: "address", ...keys })}\n`);
    return (await said)[0].replace(/^\d+ /, "");
  };
  /** The kernel does some things in its own time, and a listing is used for a moment. */
  const becomes = async (wanted: RegExp, ...keys: Parameters<typeof check>): Promise<void> => {
    const startedMs = systemTimers.nowMs();
    for (let said = ""; !wanted.test(said); said = await check(...keys)) {
      assert.ok(systemTimers.nowMs() - startedMs < PATIENCE_MS, `${said}, never ${wanted}`);
    }
  };
  return { ip: ipIn, check, becomes };
}

describe("address", { timeout: HANG_MS }, () => {
  test("loopback has its own", async () => {
    assert.equal(
      await judge({ addresses: ["127.0.0.1"] }),
      "pass passed: on an interface: 127.0.0.1",
    );
    assert.match(
      await judge({ addresses: ["127.0.0.0/8"], interface: "lo" }),
      /^pass passed: on lo/,
    );
    const other = await judge({ addresses: ["127.0.0.1"], interface: "nonexistent" });
    assert.equal(other, "fail not-assigned: not on nonexistent: 127.0.0.1");
    assert.match(await judge({}), /^inconclusive internal: no address is given/);
  });

  test("what is missing is named, in a short detail", async () => {
    const addresses = Array.from({ length: 1000 }, (_, nth) => `0.0.${nth >> 8}.${nth & 255}`);
    const said = await judge({ addresses: ["127.0.0.1", ...addresses] });
    assert.match(
      said,
      /^fail not-assigned: 1000 of 1001 not on an interface: 0\.0\.0\.0, 0\.0\.0\.1,/,
    );
    assert.ok(said.length < 240);
  });

  test("comes and goes with the address", { skip: !isRoot }, async (context) => {
    const { ip, check, becomes } = await host(context);
    ip("link set lo up");
    const none = "fail not-assigned (not on an interface: 192.0.2.0/24)";
    assert.equal(await check(["192.0.2.0/24"]), none);
    ip("address add 192.0.2.53/32 dev lo");
    ip("address add 2001:db8:53::53/128 dev lo");
    await becomes(/^pass/, ["192.0.2.0/24", "2001:db8:53::/48"]);
    assert.match(await check(["192.0.2.53", "2001:db8:53:0::53"], "lo"), /^pass/);
    assert.match(await check(["192.0.2.52"]), /^fail not-assigned/);
    assert.match(await check(["192.0.2.0/27", "192.0.2.64/26"]), /^fail not-assigned \(2 of 2 /);
    ip("address delete 192.0.2.53/32 dev lo");
    const one = /^fail not-assigned \(1 of 2 not on an interface: 192\.0\.2\.0\/24\)$/;
    await becomes(one, ["192.0.2.0/24", "2001:db8:53::/48"]);
    ip("route add local 198.51.100.0/24 dev lo");
    assert.match(await check(["198.51.100.0/24"]), /^fail not-assigned/);
  });

  test("a label is not another interface", { skip: !isRoot }, async (context) => {
    const { ip, check, becomes } = await host(context);
    ip("link set lo up");
    ip("address add 192.0.2.53/32 dev lo label lo:anycast");
    ip("address add 192.0.2.54/32 dev lo");
    await becomes(/^pass/, ["192.0.2.53"], "lo");
    assert.match(await check(["192.0.2.53", "192.0.2.54", "127.0.0.1"], "lo"), /^pass/);
    assert.match(await check(["192.0.2.53"]), /^pass/);
  });

  test("an interface that is down or has no carrier", { skip: !isRoot }, async (context) => {
    const { ip, check, becomes } = await host(context);
    ip("link add one type veth peer name two");
    ip("address add 192.0.2.1/32 dev one");
    assert.match(await check(["192.0.2.1"]), /^fail not-assigned/);
    ip("link set one up");
    ip("link set two up");
    await becomes(/^pass/, ["192.0.2.1"]);
    ip("link set two down");
    await becomes(/^fail not-assigned/, ["192.0.2.1"]);
    ip("link set two up");
    await becomes(/^pass/, ["192.0.2.1"]);
    ip("link set one down");
    await becomes(/^fail not-assigned/, ["192.0.2.1"]);
  });

  test("IPv6: tentative, then usable; a duplicate never is", { skip: !isRoot }, async (context) => {
    const { ip, check, becomes } = await host(context);
    ip("link add one type veth peer name two");
    ip("link set one up");
    ip("link set two up");
    ip("address add 2001:db8::1/64 dev one");
    assert.match(await check(["2001:db8::1"]), /^fail not-assigned/);
    await becomes(/^pass/, ["2001:db8::1"]);
    ip("address add 2001:db8::2/64 dev two nodad");
    await becomes(/^pass/, ["2001:db8::2"], "two");
    ip("address add 2001:db8::2/64 dev one");
    const startedMs = systemTimers.nowMs();
    while (!/2001:db8::2.*dadfailed/.test(ip("address show dev one"))) {
      assert.ok(systemTimers.nowMs() - startedMs < PATIENCE_MS, "no duplicate was found");
    }
    await becomes(/^fail not-assigned/, ["2001:db8::2"], "one");
    await becomes(/^pass/, ["2001:db8::2"], "two");
  });
});

describe("addresses as text that sorts", () => {
  test("IPv4", () => {
    assert.equal(addressKey("192.0.2.1"), "4c0000201");
    assert.deepEqual(keyRange("192.0.3.0/23"), undefined);
    assert.deepEqual(keyRange("192.0.2.0/24"), { first: "4c0000200", last: "4c00002ff" });
    assert.deepEqual(keyRange("0.0.0.0/0"), { first: "400000000", last: "4ffffffff" });
  });

  test("IPv6, in every way to write it", () => {
    let short = 0;
    const check = fc.property(fc.ipV6(), (text) => {
      const digits = new Address6(text).bigInt().toString(16).padStart(32, "0");
      assert.equal(addressKey(text), `6${digits}`);
      assert.deepEqual(keyRange(`${text}/128`), { first: `6${digits}`, last: `6${digits}` });
      if (text.includes("::")) short += 1;
    });
    fc.assert(check, { numRuns: 1000 });
    assert.ok(short > 100, `only ${short}`);
    for (const text of ["::", "::1", "1::", "::ffff:192.0.2.1", "64:ff9b::192.0.2.1"]) {
      const digits = new Address6(text).bigInt().toString(16).padStart(32, "0");
      assert.equal(addressKey(text), `6${digits}`);
    }
  });

  test("no address", () => {
    for (const text of [
      "",
      "1",
      "192.0.2.1/",
      "192.0.2.1/33",
      "::/129",
      "::/-1",
      "fe80::1%lo",
      "a",
    ])
      assert.equal(keyRange(text), undefined, text);
  });
});
