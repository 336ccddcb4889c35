/** The self-test of withdrawal as an operator asks for it: the real agent, the real CLI, this test in ExaBGP's place. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { CanaryAnswer } from "../../src/control/canary-order.ts";
import { actorOf } from "../../src/daemon/actors.ts";
import { canaryPrefix } from "../../src/daemon/canary-prefix.ts";
import { waitUntil } from "../lab/wait.ts";
import { ANYCTL, createSite, ScriptedExabgp, type Site, webConfig } from "./scripted-exabgp.ts";

const ME = actorOf(userInfo().uid);
const NEIGHBOR = "198.51.100.1";
const PREFIX = "203.0.113.0/24";
const ANNOUNCE = `announce route ${PREFIX} next-hop self community [ 65535:65281 ]`;
const WITHDRAW = `withdraw route ${PREFIX} next-hop self community [ 65535:65281 ]`;

async function announced(t: TestContext) {
  const site = await createSite(t);
  site.writeConfig(webConfig(site.port).replaceAll("100ms", "250ms"));
  const exabgp = new ScriptedExabgp(site);
  await exabgp.waitForCommands(1);
  return { site, exabgp };
}

function say(exabgp: ScriptedExabgp, event: object): void {
  exabgp.child.stdin.write(`${JSON.stringify({ exabgp: "4.0.1", ...event })}\n`);
}

async function sessionUp(exabgp: ScriptedExabgp): Promise<void> {
  const address = { local: "198.51.100.2", peer: NEIGHBOR };
  exabgp.sessions = `${NEIGHBOR}    64515     0:01:05 established           1          0\n`;
  say(exabgp, { type: "state", neighbor: { address, state: "up" } });
  await exabgp.waitForStatus("the session", ({ sessions }) => sessions[0]?.state === "up");
}

/** Answers `done`, and echoes what would be sent of the prefix of the self-test. */
function echoing(exabgp: ScriptedExabgp): (line: string) => string {
  return (line) => {
    const [word] = line.split(" ");
    const family = "ipv4 unicast";
    const update =
      word === "announce"
        ? { attribute: {}, announce: { [family]: { "198.51.100.2": [{ nlri: PREFIX }] } } }
        : { withdraw: { [family]: [{ nlri: PREFIX }] } };
    if (line.includes(PREFIX)) {
      const address = { local: "198.51.100.2", peer: NEIGHBOR };
      const neighbor = { address, direction: "send", message: { update } };
      // Behind the answer, as ExaBGP does it.
      setImmediate(() => say(exabgp, { type: "update", neighbor }));
    }
    return "done\n";
  };
}

async function anyctl(site: Site, ...args: string[]) {
  const child = spawn(ANYCTL, [...args, "--config", site.configPath], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  site.children.push(child);
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  await once(child, "close");
  return { status: child.exitCode, out, err };
}

const ofCanary = (exabgp: ScriptedExabgp) =>
  exabgp.commands.filter((line) => line.includes(PREFIX));

describe("anyctl doctor --canary", () => {
  it("announces and withdraws, and tells both answers and both UPDATEs", async (t) => {
    const { site, exabgp } = await announced(t);
    await sessionUp(exabgp);
    exabgp.answer = echoing(exabgp);
    const { status, out, err } = await anyctl(site, "doctor", "--canary", PREFIX);
    assert.deepEqual([status, err], [0, ""], out);
    assert.deepEqual(ofCanary(exabgp), [ANNOUNCE, WITHDRAW]);
    const rows = out.split("\n").map((line) => line.split(/ {2,}/));
    assert.deepEqual(
      rows.slice(1, 5).map(([step, outcome, , detail]) => [step, outcome, detail]),
      [
        ["announce", "done", ANNOUNCE],
        ["announced", "sent", `to ${NEIGHBOR}`],
        ["withdraw", "done", WITHDRAW],
        ["withdrawn", "sent", `to ${NEIGHBOR}`],
      ],
    );
    assert.match(
      out,
      /\nsessions: 198\.51\.100\.1 up\n203\.0\.113\.0\/24: announced and withdrawn\n$/,
    );
    const records = await waitUntil("both records", () => {
      const written = site.audit().filter(({ reason }) => reason === "canary");
      return written.length >= 2 ? written : undefined;
    });
    assert.deepEqual(
      records.map(({ actor, note, prefixes, commands, ack }) => [
        actor,
        note,
        prefixes,
        commands,
        ack,
      ]),
      [
        [ME, "announce", [PREFIX], [ANNOUNCE], "done"],
        [ME, "withdraw", [PREFIX], [WITHDRAW], "done"],
      ],
    );
    // Nothing is left of it: neither owned, nor in the way of another one.
    await waitUntil("the file", () =>
      readFileSync(join(site.stateDir, "owned.json"), "utf8").includes(PREFIX) ? undefined : true,
    );
    const again = await anyctl(site, "doctor", "--canary", PREFIX);
    assert.equal(again.status, 0, again.out + again.err);
    assert.deepEqual(ofCanary(exabgp), [ANNOUNCE, WITHDRAW, ANNOUNCE, WITHDRAW]);
  });

  it("ends with 1 where no session is up, and withdraws all the same", async (t) => {
    const { site, exabgp } = await announced(t);
    const { status, out } = await anyctl(site, "doctor", "--canary", PREFIX, "--json");
    assert.equal(status, 1);
    const told = JSON.parse(out) as CanaryAnswer;
    assert.deepEqual(
      told.steps.map(({ step, outcome }) => `${step} ${outcome}`),
      ["announce done", "announced untold", "withdraw done", "withdrawn untold"],
    );
    assert.deepEqual([told.outcome, told.actor, told.sessions], ["no-session", ME, []]);
    assert.deepEqual(ofCanary(exabgp), [ANNOUNCE, WITHDRAW]);
  });

  it("ends with 1 where ExaBGP tells of other UPDATEs, and of none with it", async (t) => {
    const { site, exabgp } = await announced(t);
    await sessionUp(exabgp);
    const echo = echoing(exabgp);
    echo(`announce route ${PREFIX}`);
    await exabgp.waitForStatus("an echo", ({ exabgp: { echo: state } }) => state === "on");
    exabgp.answer = () => "done\n";
    const { status, out } = await anyctl(site, "doctor", "--canary", "198.18.0.0/24");
    assert.equal(status, 1, out);
    assert.match(out, /^announced +untold .*ExaBGP tells of no UPDATE with it$/m);
    assert.match(out, /198\.18\.0\.0\/24: nobody was sent it: no session that takes it is up/);
  });

  it("is refused for a prefix with a neighbor in it", async (t) => {
    const { site, exabgp } = await announced(t);
    await sessionUp(exabgp);
    const { status, err } = await anyctl(site, "doctor", "--canary", "198.51.100.0/25");
    assert.equal(status, 1);
    assert.match(err, /the address of neighbor 198\.51\.100\.1 is in it\n$/);
  });

  it("ends with 1 where ExaBGP refuses the announcement", async (t) => {
    const { site, exabgp } = await announced(t);
    await sessionUp(exabgp);
    exabgp.answer = (line) => (line.startsWith(`announce route ${PREFIX}`) ? "error\n" : "done\n");
    const { status, out } = await anyctl(site, "doctor", "--canary", PREFIX);
    assert.equal(status, 1, out);
    assert.match(out, /^announce +error .*\nwithdraw +done /m);
    assert.match(out, /ExaBGP has refused it\n$/);
  });

  it("ends with 4 where a withdrawal is not sent that was announced", async (t) => {
    const { site, exabgp } = await announced(t);
    await sessionUp(exabgp);
    const echo = echoing(exabgp);
    exabgp.answer = (line) => (line.startsWith("withdraw") ? "done\n" : echo(line));
    const { status, out } = await anyctl(site, "doctor", "--canary", PREFIX);
    assert.equal(status, 4, out);
    assert.match(out, /^announced +sent .*\nwithdraw +done .*\nwithdrawn +untold /m);
  });

  it("is withdrawn by the next life of an agent that is killed in the middle", async (t) => {
    const { site, exabgp } = await announced(t);
    await sessionUp(exabgp);
    exabgp.answer = () => undefined;
    const asked = anyctl(site, "doctor", "--canary", PREFIX);
    await waitUntil("the announcement", () => ofCanary(exabgp)[0]);
    exabgp.child.kill("SIGKILL");
    assert.equal((await asked).status, 3);
    const next = new ScriptedExabgp(site);
    await waitUntil("the withdrawal", () => ofCanary(next)[0], { hint: next.stderr });
    assert.deepEqual(ofCanary(next), [WITHDRAW]);
    const record = await waitUntil("its record", () =>
      site.audit().find(({ service }) => service === "_canary"),
    );
    assert.deepEqual(
      [record.to, record.reason, record.prefixes],
      ["removed", "not-configured", [PREFIX]],
    );
  });

  it("goes on to its end when nobody waits for it any more", async (t) => {
    const { site, exabgp } = await announced(t);
    await sessionUp(exabgp);
    let answer = () => {};
    exabgp.answer = () => {
      answer = () => exabgp.child.stdin.write("done\n");
      return undefined;
    };
    const child = spawn(ANYCTL, ["doctor", "--canary", PREFIX, "--config", site.configPath]);
    site.children.push(child);
    await waitUntil("the announcement", () => ofCanary(exabgp)[0]);
    child.kill("SIGINT");
    await once(child, "exit");
    exabgp.answer = () => "done\n";
    answer();
    await waitUntil("the withdrawal", () => ofCanary(exabgp)[1]);
    assert.deepEqual(ofCanary(exabgp), [ANNOUNCE, WITHDRAW]);
  });

  it("is one at a time, and not while a reload could take it for a service's", async (t) => {
    const { site, exabgp } = await announced(t);
    await sessionUp(exabgp);
    exabgp.answer = () => undefined;
    const first = anyctl(site, "doctor", "--canary", PREFIX);
    await waitUntil("the announcement", () => ofCanary(exabgp)[0]);
    const second = await anyctl(site, "doctor", "--canary", "198.18.0.0/24");
    assert.equal(second.status, 1);
    assert.match(second.err, /No self-test now: another self-test is under way/);
    const reload = await anyctl(site, "reload");
    assert.equal(reload.status, 0, reload.err);
    assert.deepEqual(ofCanary(exabgp), [ANNOUNCE], "a reload leaves it alone");
    exabgp.child.kill("SIGKILL");
    await first;
  });

  it("is refused while the whole PoP is drained, and to who asks for nonsense", async (t) => {
    const { site, exabgp } = await announced(t);
    const own = await anyctl(site, "doctor", "--canary", "192.0.2.0/25");
    assert.equal(own.status, 1);
    assert.match(own.err, /nothing in common with what is served here: 192\.0\.2\.0\/24\n$/);
    const hostile = await anyctl(
      site,
      "doctor",
      "--canary",
      "10.0.0.0/8\nwithdraw route 0.0.0.0/0",
    );
    assert.equal(hostile.status, 1);
    assert.match(hostile.err, /^anyctl: Cannot use prefix [^\n]*\\n[^\n]*\n$/);
    site.drain("_all", JSON.stringify({ reason: "new kernel" }));
    await exabgp.waitForStatus("the drain", ({ drains }) => drains.length === 1);
    const drained = await anyctl(site, "doctor", "--canary", PREFIX);
    assert.equal(drained.status, 1);
    assert.match(drained.err, /the whole PoP is drained/);
    assert.deepEqual(ofCanary(exabgp), []);
    assert.doesNotMatch(exabgp.stdout.toString("latin1"), /10\.0\.0\.0|0\.0\.0\.0\/0/);
  });
});

describe("the prefix of a self-test", () => {
  const KNOWN = ["192.0.2.0/24", "2001:db8::/48"];
  const cases: readonly [text: string, expected: string | RegExp][] = [
    ["203.0.113.0/24", "203.0.113.0/24"],
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["198.51.100.7/32", "198.51.100.7/32"],
    ["2001:DB8:1::/48", "2001:db8:1::/48"],
    ["203.0.113.1/24", /host bits; allowed: 203\.0\.113\.0\/24/],
    ["203.0.113.0", /must be ADDRESS\/LENGTH/],
    ["", /must be ADDRESS\/LENGTH/],
    ["0.0.0.0/0", /shorter than \/8/],
    ["2000::/3", /shorter than \/16/],
    ["127.0.0.0/8", /loopback/],
    ["224.0.0.0/24", /multicast/],
    ["fe80::/64", /link-local/],
    ["192.0.2.0/24", /in common/],
    ["192.0.2.128/25", /in common/],
    ["192.0.0.0/16", /in common/],
    ["2001:db8::/32", /in common/],
  ];
  for (const [text, expected] of cases) {
    it(`${JSON.stringify(text)}: ${String(expected)}`, () => {
      const found = canaryPrefix(text, KNOWN);
      if (typeof expected === "string") assert.deepEqual(found, { prefix: expected });
      else assert.match("error" in found ? found.error : "it is taken", expected);
    });
  }
});
