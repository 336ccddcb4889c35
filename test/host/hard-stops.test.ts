/** Stops of ExaBGP's unit that are not as usual, and what the hardened unit must still let through. Needs root. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { after, before, describe, test } from "node:test";
import { ANYCAST, SERVICE } from "../lab/pop.ts";
import { sendSignal } from "../lab/process.ts";
import { POP_SESSION } from "../lab/region.ts";
import {
  assertLeftInOrder,
  createHost,
  FAMILIES,
  heard,
  type Host,
  UNIT,
  waitForNoRoutes,
  waitForRoutes,
} from "./host.ts";
import { findPackage } from "./image.ts";
import { journalMs } from "./journal.ts";
import {
  configure,
  installPackage,
  part,
  stateOf,
  transientDrains,
  waitForRecord,
  waitForStatus,
  waitForUnitEntry,
} from "./pop.ts";

const CONFIG = "/etc/anyctl/anyctl.yaml";

/** Longer than systemd would wait, by this drop-in. */
const STAGE_S = 12;
const LOCAL = "/etc/systemd/system/exabgp.service.d/local.conf";
const SHORT_STOP = "[Service]\nTimeoutStopSec=8\n";

/** What needs something of the host: programs, sockets, files, interfaces; `anyctl init` has asked for a unit and HTTP. */
const CHECKS = `      program: { type: exec, command: [/usr/bin/pgrep, -u, root, nginx] }
      bus: { type: unix, path: /run/dbus/system_bus_socket }
      file: { type: file, path: /etc/machine-id }
      address: { type: address }
      port: { type: tcp, host: 127.0.0.1, port: 80 }
`;

describe("the unit of a host", () => {
  let host: Host;
  before(async () => {
    host = await createHost();
    await installPackage(host.machine, findPackage());
    await configure(host);
    await waitForRoutes(host);
  });
  after(() => host.remove());

  const step = (name: string, act: (sinceMs: number) => Promise<void>): void => {
    test(name, () => part(host, act));
  };

  async function change(edit: (text: string) => string): Promise<void> {
    const file = host.machine.path(CONFIG);
    const text = readFileSync(file, "utf8");
    assert.notEqual(edit(text), text);
    writeFileSync(file, edit(text));
    await host.machine.must(["anyctl", "reload", "--force"]);
  }

  /** Nothing is drained, and nothing was left to be obeyed. */
  async function assertBack(): Promise<void> {
    await waitForRoutes(host);
    const seen = await waitForStatus(host, "the service up", (it) => stateOf(it) === "up");
    assert.deepEqual(seen.drains, []);
    assert.deepEqual(await transientDrains(host), []);
  }

  step("is hardened, and every kind of check passes in it", async () => {
    const { machine } = host;
    const said = await machine.must(["systemd-analyze", "security", "--no-pager", UNIT]);
    const [, exposure] = /exposure level for exabgp\.service: (\d+\.\d)/.exec(said) ?? [];
    assert.ok(Number(exposure) <= 2, exposure);
    await change((text) => text.replace(/^( *checks:\n)/m, `$1${CHECKS}`));
    const seen = await waitForStatus(host, "checks of every kind", ({ services }) => {
      const checks = services[0]?.checks ?? [];
      return checks.length > 7 && checks.every(({ verdict }) => verdict === "up");
    });
    assert.deepEqual(seen.problems, []);
    await assertBack();
  });

  step("lets members of its group drain and undrain, and names them", async (sinceMs) => {
    const { machine } = host;
    await machine.must(["useradd", "--groups", "anyctl", "ann"]);
    const asAnn = (...words: string[]) =>
      machine.must(["runuser", "-u", "ann", "--", "anyctl", ...words]);
    await asAnn("drain", SERVICE, "--reason", "CHG-1234", "--wait");
    await waitForNoRoutes(host);
    await asAnn("undrain", SERVICE, "--reason", "done", "--wait");
    await assertBack();
    const drained = await waitForRecord(host, { to: "drained" }, { sinceMs });
    assert.match(String(drained["ANYCTL_ACTOR"]), /^uid:\d+\(ann\)$/);
    const undrained = await waitForRecord(host, { from: "drained" }, { sinceMs });
    assert.equal(undrained["ANYCTL_ACTOR"], drained["ANYCTL_ACTOR"]);
    await machine.must(["useradd", "bob"]);
    const refused = await machine.run([
      "runuser",
      "-u",
      "bob",
      "--",
      "anyctl",
      "drain",
      SERVICE,
      "--reason",
      "r",
    ]);
    assert.equal(refused.status, 1);
    await assertBack();
  });

  step(
    "stops after the stages, also those that last longer than TimeoutStopSec",
    async (sinceMs) => {
      const { machine } = host;
      await machine.must(["mkdir", "-p", dirname(LOCAL)]);
      writeFileSync(machine.path(LOCAL), SHORT_STOP);
      await machine.must(["systemctl", "daemon-reload"]);
      await change((text) =>
        text.replace(/^( *)checks:\n/m, `$1drain-delay: ${STAGE_S}s\n$1checks:\n`),
      );
      await machine.must(["systemctl", "stop", UNIT]);
      await waitForNoRoutes(host);
      for (const family of FAMILIES) {
        const session = POP_SESSION[family];
        const own = host.transit
          .events()
          .filter((it) => it.atMs >= sinceMs && it.session === session);
        const [staged, withdrawn, down] = own;
        assert.deepEqual(
          own.slice(0, 3).map(({ kind }) => kind),
          ["announced", "withdrawn", "session-down"],
          heard(host, sinceMs).join("; "),
        );
        const stageMs = (withdrawn?.atMs ?? 0) - (staged?.atMs ?? 0);
        assert.ok(stageMs > (STAGE_S - 1) * 1000, `the stage lasted ${stageMs} ms`);
        assert.equal(down?.session, session);
      }
      assert.equal(await machine.property(UNIT, "Result"), "success");
      await machine.must(["systemctl", "start", UNIT]);
      await assertBack();
    },
  );

  step("serves at a reboot until its stage is over", async (sinceMs) => {
    const { machine } = host;
    await machine.reboot();
    await assertBack();
    const entries = (await machine.journal("_PID=1")).filter((it) => journalMs(it) >= sinceMs);
    const at = (message: RegExp): number => {
      const found = entries.find((it) => message.test(String(it["MESSAGE"])));
      assert.ok(found, String(message));
      return journalMs(found);
    };
    assert.ok(at(/^Stopped exabgp\.service/) <= at(/^Stopping nginx\.service/));
    await waitForRecord(host, { from: "draining", to: "drained" }, { sinceMs });
  });

  step(
    "loses ExaBGP while it drains: stopped all the same, and not drained after",
    async (sinceMs) => {
      const { machine } = host;
      await machine.must(["systemctl", "stop", "--no-block", UNIT]);
      await waitForStatus(host, "the stage", (it) => stateOf(it) === "draining");
      sendSignal(await machine.mainPid(UNIT), "SIGKILL");
      await waitForUnitEntry(host, /^Stopped exabgp\.service/, sinceMs);
      await machine.must(["systemctl", "start", UNIT]);
      await assertBack();
    },
  );

  step("stops within bounds when ExaBGP answers nothing", async (sinceMs) => {
    const { machine } = host;
    await change((text) => text.replace(/^ *drain-delay: .*\n/m, ""));
    sendSignal(await machine.mainPid(UNIT), "SIGSTOP");
    await machine.must(["systemctl", "stop", UNIT]);
    await waitForNoRoutes(host);
    const stopping = await waitForUnitEntry(host, /^Stopping exabgp\.service/, sinceMs);
    const stopped = await waitForUnitEntry(host, /^Stopped exabgp\.service/, sinceMs);
    // Each of its two parts at most TimeoutStopSec, which is 8 s here.
    assert.ok(journalMs(stopped) - journalMs(stopping) < 30_000);
    await machine.must(["systemctl", "start", UNIT]);
    await assertBack();
  });

  step("is restarted by an upgrade of ExaBGP: out in order, and back", async (sinceMs) => {
    const { machine } = host;
    await machine.must(["rm", LOCAL]);
    await machine.must(["systemctl", "daemon-reload"]);
    // What apt runs after it has unpacked a newer version.
    await machine.must(["/var/lib/dpkg/info/exabgp.postinst", "configure", "4.2.17-1"]);
    await assertBack();
    assertLeftInOrder(heard(host, sinceMs));
    await waitForRecord(host, { to: "drained", note: "systemd stops ExaBGP" }, { sinceMs });
    const announced = heard(host, sinceMs).filter((it) => it.includes(" announced "));
    assert.equal(announced.length, Object.keys(ANYCAST).length);
  });
});
