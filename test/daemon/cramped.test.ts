/** An agent without descriptors, ports or a resolver: it announces, judges nothing wrongly, says why, and recovers. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { decode, encode } from "dns-packet";
import type { Status } from "../../src/control/protocol.ts";
import { waitUntil } from "../lab/wait.ts";
import { createSite, ScriptedExabgp, type Site } from "./scripted-exabgp.ts";

const ANNOUNCED = ["announce route 192.0.2.0/24 next-hop self"];

const skip = process.getuid?.() === 0 ? false : "must be root";

/** Many checks of one target, so that some are always due. */
function config(check: (nth: number) => string, checks = 10): string {
  const lines = Array.from({ length: checks }, (_, nth) => `      c${nth}: { ${check(nth)} }\n`);
  return `defaults: { interval: 200ms, timeout: 200ms, rise: 1, fall: 2 }
services:
  web:
    prefixes: [192.0.2.0/24]
    scope: local
    checks:
${lines.join("")}`;
}

const doubted =
  (reason: string) =>
  ({ problems }: Status): boolean =>
    problems.some(({ word, detail }) => word === "inconclusive-checks" && detail.includes(reason));

const isWell = ({ problems, services }: Status): boolean =>
  problems.length === 0 && services[0]?.state === "up";

/** What was logged about results that count against the service. */
function failures({ stderr }: ScriptedExabgp): string[] {
  return stderr.split("\n").filter((line) => line.includes('"msg":"check failed"'));
}

describe("an agent that lacks", () => {
  test("descriptors starts with 40, and judges with what is left", async (t) => {
    const site = await createSite(t);
    const exabgp = new ScriptedExabgp(site, [], { wrap: ["prlimit", "--nofile=40"] });
    assert.deepEqual(await exabgp.waitForCommands(1), ANNOUNCED);
    site.service.close();
    assert.match((await exabgp.waitForCommands(2))[1] ?? "", /^withdraw route 192\.0\.2\.0\/24/);
  });

  test("descriptors altogether keeps its routes, and goes on when it has some again", async (t) => {
    const site = await createSite(t);
    site.writeConfig(config(() => `type: tcp, host: 127.0.0.1, port: ${site.port}`));
    const exabgp = new ScriptedExabgp(site);
    await exabgp.waitForCommands(1);
    await exabgp.waitForStatus("to be well", isWell);
    const limit = (count: number) =>
      execFileSync("prlimit", ["--pid", `${exabgp.child.pid}`, `--nofile=${count}:`]);
    limit(3);
    // It cannot take a connection to its socket either: its log has to say it.
    await waitUntil(
      "the problem in the log",
      () => /"word":"inconclusive-checks".*no-descriptors/.test(exabgp.stderr) || undefined,
      { deadlineMs: 20_000 },
    );
    limit(1024);
    await exabgp.waitForStatus("the end of the problems", isWell);
    assert.deepEqual(exabgp.commands, ANNOUNCED);
    assert.deepEqual(failures(exabgp), []);

    // A drain that is ordered meanwhile is obeyed later, and one that stands is not forgotten.
    limit(3);
    site.drain("web", "");
    const unread = () =>
      exabgp.stderr
        .split("\n")
        .filter((line) => /"word":"drain-folder".*"msg":"problem"/.test(line));
    await waitUntil("unread drains", () => unread().length > 0 || undefined);
    limit(1024);
    await exabgp.waitForCommands(2);
    const before = unread().length;
    limit(3);
    await waitUntil("unread drains again", () => unread().length > before || undefined);
    limit(1024);
    await exabgp.waitForStatus("the end of the problems", ({ problems }) => problems.length === 0);
    assert.equal(exabgp.commands.length, 2);
  });

  test("ports keeps its routes, and goes on when there are some again", { skip }, async (t) => {
    const site = await createSite(t);
    const port = 9000;
    const holding = join(site.folder, "hold");
    site.writeConfig(config(() => `type: tcp, host: 127.0.0.1, port: ${port}`));
    const program = fileURLToPath(new URL("cramped.js", import.meta.url));
    const script = [
      "ip link set lo up",
      "echo 40000 40003 > /proc/sys/net/ipv4/ip_local_port_range",
      `{ "${process.execPath}" "${program}" ${port} "${holding}" </dev/null >/dev/null & }`,
      'exec "$@"',
    ].join(" && ");
    const exabgp = new ScriptedExabgp(site, [], {
      wrap: ["unshare", "--net", "sh", "-c", script, "sh"],
    });
    assert.deepEqual((await exabgp.waitForCommands(1)).slice(-1), ANNOUNCED);
    const announced = exabgp.commands;
    await exabgp.waitForStatus("to be well", isWell);
    writeFileSync(holding, "");
    await exabgp.waitForStatus("the problem", doubted("no-ports"));
    rmSync(holding);
    await exabgp.waitForStatus("the end of the problems", isWell);
    assert.deepEqual(exabgp.commands, announced);
  });

  test("a resolver keeps its routes, however that fails", { skip }, async (t) => {
    const site = await createSite(t);
    const dns = await serveNames(site);
    t.after(() => dns.close());
    site.writeConfig(config(() => `type: tcp, host: health.example, port: ${site.port}`, 2));
    const conf = join(site.folder, "resolv.conf");
    writeFileSync(conf, `nameserver ${dns.address}\n`);
    const script = `mount --bind "${conf}" /etc/resolv.conf && exec "$@"`;
    const exabgp = new ScriptedExabgp(site, [], {
      wrap: ["unshare", "--mount", "sh", "-c", script, "sh"],
    });
    assert.deepEqual(await exabgp.waitForCommands(1), ANNOUNCED);
    for (const answer of ["silent", "SERVFAIL", "REFUSED"] as const) {
      await exabgp.waitForStatus("to be well", isWell);
      dns.answer(answer);
      await exabgp.waitForStatus(`the problem with ${answer}`, doubted("resolver-failed"));
      dns.answer("NOERROR");
    }
    await exabgp.waitForStatus("to be well again", isWell);
    assert.deepEqual(exabgp.commands, ANNOUNCED);
    assert.deepEqual(failures(exabgp), []);
    // Whoever says that there is no such name has answered.
    dns.answer("NXDOMAIN");
    await exabgp.waitForCommands(2);
  });
});

test("an agent whose wall clock is set back and forth neither moves nor says that it stood still", async (t) => {
  if (!existsSync("/usr/bin/faketime")) {
    t.skip("no faketime");
    return;
  }
  const site = await createSite(t);
  const ahead = join(site.folder, "ahead");
  writeFileSync(ahead, "+0\n");
  const exabgp = new ScriptedExabgp(site, [], {
    env: {
      LD_PRELOAD: "/usr/$LIB/faketime/libfaketimeMT.so.1",
      FAKETIME_TIMESTAMP_FILE: ahead,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
  });
  await exabgp.waitForCommands(1);
  for (const [step, days] of [
    ["+2d", 2],
    ["-2d", -2],
  ] as const) {
    writeFileSync(ahead, `${step}\n`);
    const wantedMs = Date.now() + days * 86_400_000;
    // Its dates are the new ones, and its results go on to be passes.
    const set = days > 0 ? "forward by 172800" : "back by 345600";
    const { problems } = await exabgp.waitForStatus(`a result after ${step}`, (status) => {
      const { last } = status.services[0]?.checks[0] ?? {};
      const isNew = Math.abs(Date.parse(last?.at ?? "") - wantedMs) < 3_600_000;
      const isSaid = status.problems.some(({ detail }) => detail.includes(set));
      return last?.outcome === "pass" && isNew && isSaid;
    });
    assert.deepEqual(
      problems.map(({ word }) => word),
      ["clock-stepped"],
    );
  }
  assert.doesNotMatch(exabgp.stderr, /agent stood still.*asleep|asleep.*agent stood still/);
  assert.deepEqual(exabgp.commands, ANNOUNCED);
});

const RCODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

/** A DNS server on port 53 of some loopback address, because resolv.conf(5) names no ports. */
async function serveNames(site: Site) {
  const address = `127.53.${(site.port >> 8) & 0xff}.${site.port & 0xff || 1}`;
  const socket = createSocket("udp4");
  let rcode: keyof typeof RCODES | "silent" = "NOERROR";
  socket.on("message", (message, from) => {
    const { id = 0, questions = [] } = decode(message);
    const [question] = questions;
    if (rcode === "silent" || question === undefined) return;
    const isAnswered = rcode === "NOERROR" && question.type === "A";
    const answer = { type: "A", name: question.name, ttl: 0, data: "127.0.0.1" } as const;
    socket.send(
      encode({
        type: "response",
        id,
        flags: 0x01_80 | RCODES[rcode],
        questions,
        answers: isAnswered ? [answer] : [],
      }),
      from.port,
      from.address,
    );
  });
  socket.bind(53, address);
  await once(socket, "listening");
  return {
    address,
    answer: (next: typeof rcode) => (rcode = next),
    close: () => socket.close(),
  };
}
