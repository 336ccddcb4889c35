/** Whatever is killed, stopped or filled on a real host: the promised outcome at the router and in the journal. Needs root. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import { ANYCAST, SERVICE } from "../lab/pop.ts";
import { POP_SESSION } from "../lab/region.ts";
import { wallClockMs, waitUntil } from "../lab/wait.ts";
import {
  assertQuiet,
  createHost,
  FAMILIES,
  heard,
  type Host,
  PATIENCE,
  UNIT,
  waitForAgent,
  waitForNoRoutes,
  waitForRoutes,
} from "./host.ts";
import { findPackage } from "./image.ts";
import {
  auditFile,
  configure,
  decisions,
  installPackage,
  JOURNALD,
  part,
  problemsOf,
  stateOf,
  waitForRecord,
  waitForStatus,
  waitForUnitEntry,
} from "./pop.ts";

const DOWN_SESSION = { session: POP_SESSION.ipv4, kind: "session-down" } as const;

describe("a host whose plugs are pulled", () => {
  let host: Host;
  before(async () => {
    host = await createHost();
  });
  after(() => host.remove());

  const step = (name: string, act: (sinceMs: number) => Promise<void>): void => {
    test(name, () => part(host, act));
  };

  step("announces after dpkg --install, anyctl init and systemctl restart", async (sinceMs) => {
    const { machine } = host;
    // Small, so that it can be filled; a mount of its own, as careful operators have it.
    await machine.must(["sh", "-ec", SMALL_STATE]);
    await installPackage(machine, findPackage());
    assert.deepEqual(heard(host, sinceMs), []);
    await configure(host);
    await waitForRoutes(host);
    const up = await waitForRecord(host, { to: "up" }, { sinceMs });
    assert.equal(up["ANYCTL_REASON"], "all-checks-up");
    assert.equal(up["ANYCTL_ACK"], "done");
    assert.equal(await machine.property(UNIT, "ActiveState"), "active");
    assert.equal(await machine.property(UNIT, "SubState"), "running");
  });

  step("is found ready by anyctl doctor, and a self-test withdraws", async () => {
    const { machine } = host;
    const { stdout } = await machine.run(["anyctl", "doctor", "--json"]);
    const { findings } = Findings.parse(JSON.parse(stdout));
    assert.deepEqual(
      // No clock of a machine without the Internet is synchronized.
      findings.filter(({ severity, rule }) => severity !== "info" && rule !== "clock"),
      [],
    );
    await machine.must(["anyctl", "doctor", "--canary", "198.18.0.0/24"]);
  });

  step("is exposed no more than 2.0, by systemd's own count", async () => {
    const { machine } = host;
    const said = await machine.must(["systemd-analyze", "security", "--no-pager", UNIT]);
    const level = /Overall exposure level for exabgp\.service: ([\d.]+)/.exec(said)?.[1];
    assert.ok(Number(level) <= 2, `exposure ${level}`);
  });

  step(
    "has its agent killed: no UPDATE, and the next one adopts what ExaBGP holds",
    async (sinceMs) => {
      const killed = await waitForAgent(host);
      process.kill(killed, "SIGKILL");
      await waitForAgent(host, { otherThan: killed });
      const adopted = await waitForRecord(host, { from: "starting", to: "up" }, { sinceMs });
      assert.equal(adopted["ANYCTL_COMMAND"], undefined, "nothing was written to ExaBGP");
      await waitForStatus(host, "the new agent to be up", (seen) => stateOf(seen) === "up");
      assertQuiet(host, sinceMs);
    },
  );

  step("has its agent stopped: systemd ends ExaBGP, and all come back", async (sinceMs) => {
    const { machine, transit } = host;
    const stopped = await waitForAgent(host);
    process.kill(stopped, "SIGSTOP");
    // The watchdog's 10 s, and what a busy machine adds; the hold time is 30 s.
    await transit.waitForEvent(DOWN_SESSION, { sinceMs, deadlineMs: 20_000 });
    await waitForNoRoutes(host);
    await waitForUnitEntry(host, /Watchdog timeout/, sinceMs);
    await waitForRoutes(host);
    await waitForRecord(host, { to: "up" }, { sinceMs });
    assert.notEqual(await waitForAgent(host), stopped);
    assert.equal(await machine.property(UNIT, "ActiveState"), "active");
  });

  step("has ExaBGP killed: off the wire at once, and back without a drain", async (sinceMs) => {
    const { machine, transit } = host;
    process.kill(await machine.mainPid(UNIT), "SIGKILL");
    await transit.waitForEvent(DOWN_SESSION, { sinceMs, deadlineMs: 5000 });
    await waitForUnitEntry(host, /code=killed, status=9\/KILL/, sinceMs);
    await waitForRoutes(host);
    await waitForRecord(host, { to: "up" }, { sinceMs });
    const drains = (await decisions(host, sinceMs)).filter((it) => it.endsWith("drained"));
    assert.deepEqual(drains, [], "systemd runs ExecStop after a crash too");
  });

  step("has ExaBGP stopped: off the wire before the hold time, and back", async (sinceMs) => {
    const { machine, transit } = host;
    process.kill(await machine.mainPid(UNIT), "SIGSTOP");
    await transit.waitForEvent(DOWN_SESSION, { sinceMs, deadlineMs: 25_000 });
    await waitForUnitEntry(host, /Watchdog timeout/, sinceMs);
    await waitForRoutes(host);
    await waitForRecord(host, { to: "up" }, { sinceMs });
  });

  step(
    "has its agent killed three times: the next one idles longer than the watchdog waits",
    async (sinceMs) => {
      const { machine } = host;
      const exabgp = await machine.mainPid(UNIT);
      for (let times = 0; times < 3; times += 1) {
        await waitForStatus(host, "an agent that judges", (seen) => stateOf(seen) === "up");
        const killed = await waitForAgent(host);
        process.kill(killed, "SIGKILL");
        await waitForAgent(host, { otherThan: killed });
      }
      await waitForStatus(host, "it to idle", (seen) => problemsOf(seen).includes("crash-loop"));
      const said = await machine.property(UNIT, "StatusText");
      assert.match(said, /^crash-loop: idles until \d{4}-\S+Z$/);
      await waitForStatus(host, "the end of it", (seen) => problemsOf(seen).length === 0);
      await waitForStatus(host, "its verdict", (seen) => stateOf(seen) === "up");
      assert.equal(await machine.mainPid(UNIT), exabgp, "systemd was told that all is well");
      assertQuiet(host, sinceMs);
    },
  );

  step(
    "has its service stopped and started: withdrawn and back, with the unit as the reason",
    async (sinceMs) => {
      const { machine } = host;
      await machine.must(["systemctl", "daemon-reexec"]);
      await waitForStatus(host, "results after daemon-reexec", (seen) => stateOf(seen) === "up");
      assertQuiet(host, sinceMs);
      await machine.must(["systemctl", "stop", "nginx.service"]);
      await waitForNoRoutes(host);
      const { ANYCTL_CHECK: check } = await waitForRecord(host, { to: "down" }, { sinceMs });
      assert.match(String(check), /\S/);
      const status = await waitForStatus(
        host,
        "the unit to be seen",
        (seen) => stateOf(seen) === "down",
      );
      const unit = status.services[0]?.checks.find(({ type }) => type === "systemd");
      assert.match(unit?.last?.detail ?? "", /^(?:deactivating|inactive|failed) /);
      await machine.must(["systemctl", "start", "nginx.service"]);
      await waitForRoutes(host);
    },
  );

  step(
    "has a full disk: what fails is withdrawn still, and recorded in the journal",
    async (sinceMs) => {
      const { machine } = host;
      await waitForRecord(host, { to: "up" }, { sinceMs: 0 });
      await machine.run(["sh", "-c", "cat /dev/zero > /var/lib/anyctl/full"]);
      await machine.must(["systemctl", "stop", "nginx.service"]);
      await waitForNoRoutes(host);
      const down = await waitForRecord(host, { to: "down" }, { sinceMs });
      assert.equal(down["ANYCTL_ACK"], "done");
      // The last page of the history may have room for a few records more.
      for (let records = 0; records < RECORDS_IN_PAGE; records += 1) {
        await machine.run(["anyctl", "reload"]);
      }
      const seen = await waitForStatus(host, "the full disk in the status", (it) =>
        problemsOf(it).includes("audit-file"),
      );
      assert.match(
        seen.problems.find(({ word }) => word === "audit-file")?.detail ?? "",
        /ENOSPC|no space/i,
      );
      await machine.must(["rm", "/var/lib/anyctl/full"]);
      await machine.must(["systemctl", "start", "nginx.service"]);
      await waitForRoutes(host);
      await waitForStatus(host, "no problem", (it) => it.problems.length === 0);
      const kept = (await auditFile(host)).filter(({ at }) => Date.parse(at) >= sinceMs);
      assert.deepEqual(
        kept.filter(({ service }) => service === SERVICE).map(({ to }) => to),
        ["down", "up"],
        "records that the disk refused came later",
      );
    },
  );

  step(
    "has no journald: what fails is withdrawn still, and recorded in the history",
    async (sinceMs) => {
      const { machine } = host;
      await machine.must(["systemctl", "stop", ...JOURNALD]);
      await machine.must(["systemctl", "stop", "nginx.service"]);
      await waitForNoRoutes(host);
      await waitUntil(
        "the record in the history",
        async () =>
          (await auditFile(host)).find(
            ({ at, service, to }) =>
              Date.parse(at) >= sinceMs && service === SERVICE && to === "down",
          ),
        PATIENCE,
      );
      await machine.must(["systemctl", "start", "nginx.service"]);
      await waitForRoutes(host);
      const backMs = wallClockMs();
      await machine.must(["systemctl", "start", ...JOURNALD]);
      // What journald was not there for waits.
      await waitForRecord(host, { to: "down" }, { sinceMs });
      await waitForStatus(host, "no problem", (it) => it.problems.length === 0);
      assertQuiet(host, backMs);
    },
  );

  step("has its whole PoP drained and undrained by an operator who waits", async (sinceMs) => {
    const { machine, transit } = host;
    await machine.must(["anyctl", "drain", "--all", "--reason", "CHG-1234", "--wait"]);
    for (const family of FAMILIES) {
      assert.deepEqual(await transit.routes(ANYCAST[family].prefix), []);
    }
    const record = await waitForRecord(host, { to: "drained" }, { sinceMs });
    assert.equal(record["ANYCTL_NOTE"], "CHG-1234");
    assert.equal(record["ANYCTL_ACTOR"], "uid:0(root)");
    await machine.must(["anyctl", "undrain", "--all", "--wait"]);
    await waitForRoutes(host, PATIENCE);
  });
});

const Findings = z.looseObject({
  findings: z.array(z.looseObject({ rule: z.string(), severity: z.string() })),
});

/** 4 KiB, and a record of a reload has 400 bytes. */
const RECORDS_IN_PAGE = 12;

const SMALL_STATE = `mkdir -p /var/lib/anyctl
echo "tmpfs /var/lib/anyctl tmpfs size=4m,mode=0750 0 0" >> /etc/fstab
mount /var/lib/anyctl`;
