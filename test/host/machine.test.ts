/** The machines themselves: they boot, reboot, and leave nothing behind. Needs root. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { tryCommand } from "../lab/command.ts";
import { ANYCAST } from "../lab/pop.ts";
import { isRunning, identify } from "../lab/process.ts";
import { createHost, type Host } from "./host.ts";

describe("a machine", () => {
  let host: Host;
  before(async () => {
    host = await createHost();
  });
  after(() => host.remove());

  test("has systemd, a journal, a name and the services of its packages", async () => {
    const { machine } = host;
    assert.equal((await machine.must(["hostname"])).trim(), "fra1");
    assert.equal((await machine.must(["cat", "/proc/1/comm"])).trim(), "systemd");
    assert.equal(await machine.property("nginx.service", "ActiveState"), "active");
    assert.ok(identify(await machine.mainPid("nginx.service")));
    await machine.waitForJournal("nginx in the journal", ["_PID=1"], ({ MESSAGE }) =>
      String(MESSAGE).startsWith("Started nginx.service"),
    );
  });

  test("says what it was told to do, and why that failed", async () => {
    const { machine } = host;
    const { status, stdout, stderr } = await machine.run(["sh", "-c", "cat; echo no >&2; exit 3"], {
      input: "yes\n",
    });
    assert.deepEqual({ status, stdout, stderr }, { status: 3, stdout: "yes\n", stderr: "no\n" });
    await assert.rejects(
      machine.must(["sh", "-c", "echo no >&2; exit 3"]),
      /in fra1: status 3: no/,
    );
  });

  test("keeps its files and its journal over a reboot and a pulled plug, but no process", async () => {
    const { machine } = host;
    const boots = new Set<string>();
    const nginx = identify(await machine.mainPid("nginx.service"));
    assert.ok(nginx);
    await machine.must(["sh", "-c", "echo kept > /var/lib/kept; echo gone > /run/gone; sync"]);
    const again = [
      () => machine.reboot(),
      () => machine.pullPlug().then(() => machine.boot()),
      () => machine.powerOff().then(() => machine.boot()),
    ];
    for (const bootAgain of again) {
      boots.add(await machine.must(["cat", "/proc/sys/kernel/random/boot_id"]));
      await bootAgain();
      assert.equal(isRunning(nginx), false);
      assert.equal(await machine.must(["cat", "/var/lib/kept"]), "kept\n");
      assert.equal((await machine.run(["test", "-e", "/run/gone"])).status, 1);
    }
    boots.add(await machine.must(["cat", "/proc/sys/kernel/random/boot_id"]));
    assert.equal(boots.size, 4);
    const seen = new Set((await machine.journal("_PID=1")).map((it) => it["_BOOT_ID"]));
    assert.equal(seen.size, 4);
  });

  test("reaches its router, which has addresses that the machine has not", async () => {
    const { machine, transit } = host;
    const addresses = await machine.must(["ip", "-brief", "address"]);
    assert.match(addresses, new RegExp(ANYCAST.ipv4.address.replaceAll(".", "\\.")));
    await machine.must(["python3", "-c", CONNECTS]);
    await assert.rejects(transit.waitForSession("pop4", { deadlineMs: 100 }), /Timed out/);
  });
});

/** To BIRD; it answers nobody whom it does not know, but it listens. */
const CONNECTS = `import socket
socket.create_connection(("10.1.0.1", 179), timeout=10).close()
socket.create_connection(("fd00:1::1", 179), timeout=10).close()`;

test("a machine that was killed with its test leaves nothing behind when the next one is made", async () => {
  const script = `
    const { createHost } = await import(${JSON.stringify(new URL("host.js", import.meta.url).href)});
    const { lab } = await createHost();
    process.stdout.write(lab.id + "\\n", () => process.kill(process.pid, "SIGKILL"));`;
  const killed = await tryCommand(process.execPath, ["--input-type=module", "--eval", script]);
  const id = killed.stdout.trim();
  assert.match(id, /^[0-9a-z]+$/, killed.stderr);
  const next = await createHost();
  await next.remove();
  assert.deepEqual(
    ["/run/netns", "/tmp", "/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"]
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
      .filter((path) => path.includes(id) || path.includes(next.lab.id)),
    [],
  );
});
