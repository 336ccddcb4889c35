/** Fifty services of one PoP, with everything that happens to services and hosts: what the router hears. Needs root. */
import assert from "node:assert/strict";
import { after, before, describe, test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { createMiniLab, type MiniLab } from "../lab/mini-lab.ts";
import { connectNamespaces, type Namespace } from "../lab/namespace.ts";
import { sendSignal } from "../lab/process.ts";
import { waitUntil } from "../lab/wait.ts";
import { PATIENCE, waitForSessions, waitForStatus } from "../wire/fixtures.ts";
import { type Fleet, startFleet } from "./fleet.ts";

/** On loopback, from port 8000 on, with prefixes 10.60.N.0/24. */
const LOCAL = Array.from({ length: 50 }, (_, nth) => `s${nth}`);

/** Behind a cable of its own; on an address of its own; an address that is looked for. */
const OTHERS = ["far", "bound", "own"] as const;

const ALL: readonly string[] = [...LOCAL, ...OTHERS];

const [FAR_NEAR, FAR, BOUND, OWN] = ["10.77.0.1", "10.77.0.2", "203.0.113.9", "198.51.100.1"];

function prefixOf(name: string): string {
  const others: Readonly<Record<string, string>> = {
    far: "10.77.0.0/24",
    bound: "203.0.113.0/24",
    own: "198.51.100.0/24",
  };
  return others[name] ?? `10.60.${name.slice(1)}.0/24`;
}

/** Defaults for all timings. */
function config(): string {
  const http = (url: string) => `{ type: http, url: "${url}", expect-body: ok, watch: true }`;
  const checks: Readonly<Record<string, string>> = {
    far: http(`http://${FAR}/`),
    bound: http(`http://${BOUND}/`),
    own: `{ type: address, addresses: [${OWN}] }`,
  };
  const services = ALL.map(
    (name, nth) => `  ${name}:
    prefixes: [${prefixOf(name)}]
    scope: local
    checks: { it: ${checks[name] ?? http(`http://127.0.0.1:${8000 + nth}/`)} }
`,
  );
  return `services:\n${services.join("")}`;
}

describe("a PoP with fifty services", () => {
  let mini: MiniLab;
  let fleet: Fleet;
  let backend: Namespace;

  before(async () => {
    mini = await createMiniLab({ config: config(), startsWeb: false, startsExabgp: false });
    const { lab, pop } = mini;
    backend = await lab.addNamespace("backend");
    await connectNamespaces(
      { namespace: pop.namespace, interfaceName: "backend", addresses: [`${FAR_NEAR}/24`] },
      { namespace: backend, interfaceName: "uplink", addresses: [`${FAR}/24`] },
    );
    await pop.namespace.ip([BOUND, OWN].map((address) => `address add ${address}/32 dev lo`));
    const local = LOCAL.map((name, nth) => ({ name, listen: `127.0.0.1:${8000 + nth}` }));
    [fleet] = await Promise.all([
      startFleet(lab, pop.namespace, "fleet", [...local, { name: "bound", listen: `${BOUND}:80` }]),
      startFleet(lab, backend, "backend", [{ name: "far", listen: `${FAR}:80` }]),
    ]);
    await pop.exabgp.start();
    await waitForSessions(mini);
    await waitUntil(
      "the routes of all services",
      () => (announced().size === ALL.length ? true : undefined),
      { ...PATIENCE, everyMs: 100 },
    );
  });
  after(() => mini.remove());

  /** What the router has last heard to be announced. */
  function announced(): Set<string> {
    const prefixes = new Set<string>();
    for (const { kind, prefix } of mini.transit.wireUpdates()) {
      if (kind === "announced") prefixes.add(prefix);
      else prefixes.delete(prefix);
    }
    return prefixes;
  }

  /** What it has heard of each service since the update numbered `from`; a service it heard nothing of is left out. */
  function heard(from: number): Record<string, string> {
    const stories: Record<string, string> = {};
    for (const { kind, prefix } of mini.transit.wireUpdates().slice(from)) {
      const name = ALL.find((one) => prefixOf(one) === prefix) ?? prefix;
      stories[name] = [stories[name], kind].filter((it) => it !== undefined).join(", ");
    }
    return stories;
  }

  const updates = (): number => mini.transit.wireUpdates().length;

  /** Waits until exactly these are not announced. */
  async function waitForDown(names: readonly string[]): Promise<void> {
    const wanted = ALL.filter((name) => !names.includes(name)).map(prefixOf);
    await waitUntil(
      `only ${names.join(", ") || "nothing"} to be withdrawn`,
      () => (isDeepStrictEqual(announced(), new Set(wanted)) ? true : undefined),
      { ...PATIENCE, everyMs: 50 },
    );
  }

  test("that their supervisors restart within a second sends no UPDATE", async (t) => {
    const QUICK_MS = 1000;
    const REPETITIONS = 50;
    const AT_ONCE = 25;
    // The agent's dates are its monotonic clock's, as far off as the kernel slews the other.
    const DATES_MS = 100;
    let quick = 0;
    // A machine that is busy with other tests is too slow for some of them.
    for (let round = 0; round < 8 && quick < REPETITIONS; round += 1) {
      const names = LOCAL.slice(round % 2 === 0 ? 0 : AT_ONCE).slice(0, AT_ONCE);
      await settled();
      const from = updates();
      const killed = names.map((name) => ({ name, atMs: fleet.kill(name) }));
      const away = await Promise.all(killed.map(({ name, atMs }) => fleet.restarted(name, atMs)));
      await settled(names, new Date((killed[0]?.atMs ?? 0) - DATES_MS).toISOString());
      const slow = names.filter((_, nth) => (away[nth] ?? 0) >= QUICK_MS);
      const unexpected = Object.keys(heard(from)).filter((name) => !slow.includes(name));
      assert.deepEqual(unexpected, [], `away for ${away.map(Math.round).join(", ")} ms`);
      quick += names.length - slow.length;
      t.diagnostic(`${quick} restarts, away for ${Math.round(Math.max(...away))} ms at most`);
      await waitForDown([]);
    }
    assert.ok(quick >= REPETITIONS, `only ${quick} were away for less than a second`);
  });

  /** Waits until all checks are up, and `names` have judged an event after `sinceAt` to the end. */
  async function settled(names: readonly string[] = [], sinceAt = ""): Promise<void> {
    await waitForStatus(mini.pop, "all to be settled", ({ services }) =>
      services.every(({ name, checks: [check] }) => {
        const isUp = check?.verdict === "up" && check.streak === "";
        if (!LOCAL.includes(name)) return isUp;
        if (!isUp || check.listening !== true) return false;
        const { settled: isSettled, at = "" } = check.event ?? {};
        return !names.includes(name) || (isSettled === true && at > sinceAt);
      }),
    );
  }

  /** By service: how it breaks, how that is mended, and what the record says. */
  function faults(): Record<string, Fault> {
    const { namespace } = mini.pop;
    const filter = (rule: string) => () =>
      namespace.exec(["nft", `add rule inet faults in ${rule}`]);
    const unfilter = () => undefined;
    return {
      s0: {
        breaks: () => fleet.end("s0"),
        mends: () => fleet.begin("s0"),
        says: /^(refused|reset)/,
      },
      s1: {
        breaks: () => fleet.signal("s1", "SIGSTOP"),
        mends: () => fleet.signal("s1", "SIGCONT"),
        says: /^timeout/,
      },
      s2: {
        breaks: () => fleet.answer("s2", "unwell"),
        mends: () => fleet.answer("s2", "ok"),
        says: /^wrong-status: .*503/,
      },
      s3: {
        breaks: () => fleet.answer("s3", "wrong"),
        mends: () => fleet.answer("s3", "ok"),
        says: /^wrong-/,
      },
      s4: { breaks: filter("tcp dport 8004 drop"), mends: unfilter, says: /^timeout/ },
      s5: {
        breaks: filter("tcp dport 8005 reject with tcp reset"),
        mends: unfilter,
        says: /^refused/,
      },
      s6: {
        breaks: filter("tcp dport 8006 reject with icmpx admin-prohibited"),
        mends: unfilter,
        says: /^(unreachable|refused)/,
      },
      far: {
        breaks: () => backend.ip(["link set uplink down"]),
        mends: () => backend.ip(["link set uplink up"]),
        says: /^(timeout|unreachable)/,
      },
      bound: {
        breaks: () => namespace.ip([`address delete ${BOUND}/32 dev lo`]),
        mends: () => namespace.ip([`address add ${BOUND}/32 dev lo`]),
        says: /^(timeout|unreachable|refused)/,
      },
      own: {
        breaks: () => namespace.ip([`address delete ${OWN}/32 dev lo`]),
        mends: () => namespace.ip([`address add ${OWN}/32 dev lo`]),
        says: /^not-assigned/,
      },
    };
  }

  test("of which ten break at once, each in another way, withdraws these, and no other", async () => {
    const { namespace } = mini.pop;
    await settled();
    await namespace.exec([
      "nft",
      "add table inet faults; add chain inet faults in { type filter hook input priority 0; }",
    ]);
    const from = updates();
    const broken = faults();
    const names = Object.keys(broken);
    await Promise.all(Object.values(broken).map(({ breaks }) => breaks()));
    await waitForDown(names);
    for (const [name, { says }] of Object.entries(broken)) {
      const record = await decision(name, "down");
      assert.match(record.evidence ?? "", says, name);
      assert.equal(record.commands.length, 1, name);
    }
    // One of five has nothing in common with the others.
    const { problems } = await waitForStatus(mini.pop, "an answer", () => true);
    assert.deepEqual(
      problems.filter(({ word }) => word === "common-cause"),
      [],
    );
    await Promise.all(Object.values(broken).map(({ mends }) => mends()));
    await namespace.exec(["nft", "delete table inet faults"]);
    await waitForDown([]);
    assert.deepEqual(
      heard(from),
      Object.fromEntries(names.map((name) => [name, "withdrawn, announced"])),
    );
  });

  /** The last decision about a service, when it is `to`. */
  function decision(name: string, to: string) {
    return waitUntil(
      `${name} to be ${to}`,
      () => {
        const last = mini.pop.audit().findLast(({ service }) => service === name);
        return last?.to === to ? last : undefined;
      },
      { ...PATIENCE, everyMs: 200 },
    );
  }

  test("whose agent is stopped and continued all the time withdraws what is dead, and nothing else", async (t) => {
    await settled();
    const from = updates();
    const storm = stopAndGo(t, mini.pop.exabgp.agentPid() ?? assert.fail("no agent"));
    await pause(3000);
    assert.deepEqual(heard(from), {});
    fleet.end("s7");
    await waitForDown(["s7"]);
    storm.end();
    fleet.begin("s7");
    await waitForDown([]);
    assert.deepEqual(heard(from), { s7: "withdrawn, announced" });
  });

  test("that all fail in one instant withdraws all, and names the common cause", async () => {
    const { namespace } = mini.pop;
    await settled();
    const from = updates();
    await namespace.ip(["link set lo down"]);
    // What an interface that is down had is not "on" it any more, but far is on another.
    const lost = ALL.filter((name) => name !== "far");
    await waitForDown(lost);
    const { problems } = await waitForStatus(mini.pop, "the common cause", (status) =>
      status.problems.some(({ word }) => word === "common-cause"),
    );
    const { detail = "" } = problems.find(({ word }) => word === "common-cause") ?? {};
    assert.match(
      detail,
      /^\d\d of 53 checks went down within \d+(\.\d)? s \(.*\): suspect a common/,
    );
    await namespace.ip(["link set lo up"]);
    await waitForDown([]);
    await waitForStatus(mini.pop, "the end of it", (status) =>
      status.problems.every(({ word }) => word !== "common-cause"),
    );
    assert.deepEqual(
      heard(from),
      Object.fromEntries(lost.map((name) => [name, "withdrawn, announced"])),
    );
  });
});

interface Fault {
  readonly breaks: () => unknown;
  readonly mends: () => unknown;
  /** The evidence in the record. */
  readonly says: RegExp;
}

/** SIGSTOP for most of the time, never for so long that it is a stall. */
function stopAndGo(t: TestContext, pid: number): { readonly end: () => void } {
  const [STOPPED_MS, GOING_MS] = [350, 150];
  let timer: NodeJS.Timeout;
  const stop = (): void => {
    sendSignal(pid, "SIGSTOP");
    timer = setTimeout(go, STOPPED_MS);
  };
  const go = (): void => {
    sendSignal(pid, "SIGCONT");
    timer = setTimeout(stop, GOING_MS);
  };
  const end = (): void => {
    clearTimeout(timer);
    sendSignal(pid, "SIGCONT");
  };
  t.after(end);
  stop();
  return { end };
}
