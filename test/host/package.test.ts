/** The .deb in the hands of dpkg, below an ExaBGP that runs: installed, upgraded, removed, purged. Needs root. */
import assert from "node:assert/strict";
import {
  appendFileSync,
  cpSync,
  existsSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { tryCommand } from "../lab/command.ts";
import { identify, isRunning, type ProcessIdentity } from "../lab/process.ts";
import { wallClockMs, waitUntil } from "../lab/wait.ts";
import {
  assertQuiet,
  createHost,
  type Host,
  initFlags,
  PATIENCE,
  UNIT,
  waitForAgent,
  waitForNoRoutes,
  waitForRoutes,
} from "./host.ts";
import { findPackage } from "./image.ts";
import { makeNextPackage } from "./next-package.ts";

/** An ExaBGP of somebody who has not heard of anyctl yet. */
const PLAIN = `neighbor 192.0.2.1 { router-id 192.0.2.2; local-address 127.0.0.1; local-as 64496; peer-as 64497; passive; }
`;

/** The longest WatchdogSec= of the drop-in, and a little: nobody pings for an ExaBGP that runs no agent. */
const WATCHDOG_MS = 12_000;

/** What ExaBGP needs at every moment: the program, and what its first line names. Prints looks and misses. */
const LOOKS_AGAIN = `import os
looks = misses = 0
open("/run/looking", "w").close()
while not os.path.exists("/run/looked"):
    looks += 1
    try:
        with open("/usr/bin/anyctl") as program:
            interpreter = program.readline()[2:].split()[0]
        main = os.path.join(os.path.dirname(interpreter), "dist/src/daemon/main.js")
        misses += not (os.access("/usr/bin/anyctl", os.X_OK) and os.access(interpreter, os.X_OK) and os.path.exists(main))
    except OSError:
        misses += 1
print(looks, misses)`;

const STARTS_AGAIN = `starts=0 misses=0
while ! test -e /run/looked; do starts=$((starts + 1)); /usr/bin/anyctl version >/dev/null || misses=$((misses + 1)); done
echo $starts $misses`;

/** As needrestart does: it evaluates the file, and passes over programs that fit. */
const ASKS_NEEDRESTART = `our %nrconf = (blacklist => [qr(^/usr/bin/sudo)]);
eval do { local(@ARGV, $/) = "/etc/needrestart/conf.d/anyctl.conf"; <> };
die $@ if $@;
sub passes { my $exe = shift; return scalar grep { $exe =~ /$_/ } @{$nrconf{blacklist}} }
exit(passes("/usr/lib/anyctl/0.1.0-0123/node") == 1 && passes("/usr/bin/sudo") == 1 && passes("/usr/bin/python3") == 0 ? 0 : 1);`;

test("lintian finds no fault with the package", async () => {
  // scripts/test-host does not have it compressed.
  const ours = "uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball";
  const flags = ["--allow-root", "--fail-on", "error,warning", "--suppress-tags", ours];
  const { status, stdout } = await tryCommand("lintian", [...flags, findPackage()]);
  assert.deepEqual({ status, stdout }, { status: 0, stdout: "" });
});

describe("the package", () => {
  let host: Host;
  let next: string;
  before(async () => {
    host = await createHost();
    next = await makeNextPackage(host.lab, findPackage());
  });
  after(() => host.remove());

  const must = (...argv: string[]) => host.machine.must(argv);

  async function dpkg(...argv: string[]) {
    const { status, stdout, stderr } = await host.machine.run(["dpkg", ...argv]);
    return { status, said: stdout + stderr };
  }

  async function install(deb: string): Promise<string> {
    cpSync(deb, host.machine.path("/root/anyctl.deb"));
    const { status, said } = await dpkg("--install", "/root/anyctl.deb");
    assert.equal(status, 0, said);
    return said;
  }

  async function exabgp(): Promise<ProcessIdentity> {
    const found = identify(await host.machine.mainPid(UNIT));
    assert.ok(found);
    return found;
  }

  const waitForStatus = (what: string, says: RegExp) =>
    waitUntil(
      what,
      async () => says.test((await host.machine.run(["anyctl", "status"])).stdout) || undefined,
      PATIENCE,
    );

  /** The folder of the program that the process runs. */
  const programOf = (pid: number) =>
    readlinkSync(`/proc/${pid}/exe`).replace(/\/node(?: \(deleted\))?$/, "");

  const isInstalled = async (path: string) =>
    (await host.machine.run(["test", "-e", path])).status === 0;

  test("is installed below an ExaBGP without anyctl, which goes on", async () => {
    writeFileSync(host.machine.path("/etc/exabgp/exabgp.conf"), PLAIN);
    await must("systemctl", "start", UNIT);
    const running = await exabgp();
    const said = await install(findPackage());
    assert.match(said, /anyctl init/);
    assert.match(said, /ExaBGP does not run `anyctl agent` yet/);
    assert.equal(await must("dpkg", "--verify", "anyctl"), "");
    assert.match(await must("anyctl", "version"), /^\d+\.\d+\.\d+\n$/);
    for (const path of ["/var/lib/anyctl/drains", "/run/anyctl/drains"]) {
      assert.ok(await isInstalled(path), path);
    }
    const catalog = await must("journalctl", "--list-catalog", "449fe6b48efb4776b6a3e539279e3855");
    assert.match(catalog, /anyctl/);
    // What daemon-reload has brought must not end what was started without it.
    await delay(WATCHDOG_MS);
    assert.ok(isRunning(running));
    assert.equal(await host.machine.property(UNIT, "NRestarts"), "0");
  });

  test("lets that ExaBGP be restarted, and the host boot, though nobody says that it is ready or alive", async () => {
    // Without an end of its own it would wait for ever.
    await must("timeout", "60", "systemctl", "restart", UNIT);
    const running = await exabgp();
    await delay(WATCHDOG_MS);
    assert.ok(isRunning(running));
    assert.equal(await host.machine.property(UNIT, "ActiveState"), "active");
    // Resolves when all that is to be started at boot has been.
    await host.machine.reboot();
    assert.equal(await host.machine.property(UNIT, "ActiveState"), "active");
  });

  test("has what an operator looks for", async () => {
    for (const path of [
      "doc/anyctl/copyright",
      "doc/anyctl/examples/anyctl.yaml",
      "man/man1/anyctl.1.gz",
      "bash-completion/completions/anyctl",
      "zsh/vendor-completions/_anyctl",
    ]) {
      assert.ok(await isInstalled(`/usr/share/${path}`), path);
    }
    await must("anyctl", "config", "check", "/usr/share/doc/anyctl/examples/anyctl.yaml");
  });

  test("keeps needrestart from restarting ExaBGP for an agent of yesterday", async () => {
    const { stderr, status } = await host.machine.run(["perl", "-e", ASKS_NEEDRESTART]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  });

  test("works after anyctl init", async () => {
    await must("anyctl", "init", ...initFlags());
    await must("systemctl", "daemon-reload");
    await must("systemctl", "restart", UNIT);
    await waitForRoutes(host);
    assert.equal(await host.machine.property(UNIT, "Type"), "notify");
    assert.equal(await host.machine.property(UNIT, "WatchdogUSec"), "10s");
  });

  test("is upgraded while everything goes on: at every moment there is a whole program", async () => {
    const config = host.machine.path("/etc/anyctl/anyctl.yaml");
    const conffile = host.machine.path("/etc/needrestart/conf.d/anyctl.conf");
    for (const file of [config, conffile]) appendFileSync(file, "# mine\n");
    const running = await exabgp();
    const agent = await waitForAgent(host);
    const old = programOf(agent);
    const sinceMs = wallClockMs();
    const looking = [must("python3", "-c", LOOKS_AGAIN), must("sh", "-c", STARTS_AGAIN)];
    await waitUntil(
      "somebody to look",
      () => existsSync(host.machine.path("/run/looking")) || undefined,
    );
    const said = await install(next);
    await must("touch", "/run/looked");
    for (const counted of await Promise.all(looking)) {
      const [looks = 0, misses] = counted.trim().split(" ").map(Number);
      assert.ok(looks > 5, counted);
      assert.equal(misses, 0, counted);
    }
    assert.equal(await isInstalled(old), false);
    for (const file of [config, conffile]) {
      assert.match(readFileSync(file, "utf8"), /# mine\n$/, file);
    }
    assert.match(said, /pkill -TERM/);
    assert.equal(
      await must("dpkg", "--verify", "anyctl"),
      "??5?????? c /etc/needrestart/conf.d/anyctl.conf\n",
    );
    assert.ok(isRunning(running));
    assert.equal(await waitForAgent(host), agent);
    assert.equal(programOf(agent), old);
    assertQuiet(host, sinceMs);
  });

  test("the old agent reloads without its files", async () => {
    const agent = await waitForAgent(host);
    const sinceMs = wallClockMs();
    await must("anyctl", "reload");
    assert.equal(await waitForAgent(host), agent);
    assertQuiet(host, sinceMs);
  });

  test("the new agent takes over by one command, without an UPDATE", async () => {
    const running = await exabgp();
    const agent = await waitForAgent(host);
    const old = programOf(agent);
    const sinceMs = wallClockMs();
    // As the package has said it.
    await must("sh", "-c", "pkill -TERM -u exabgp -f 'anyctl [a]gent'");
    const taken = await waitForAgent(host, { otherThan: agent });
    const installed = (await must("realpath", "/usr/bin/anyctl")).trim();
    assert.equal(`${programOf(taken)}/bin/anyctl`, installed);
    assert.notEqual(programOf(taken), old);
    await waitForStatus("the new agent to judge its services", / up +all-checks-up /);
    assert.ok(isRunning(running));
    assertQuiet(host, sinceMs);
  });

  test("is not removed under an agent that runs", async () => {
    const { status, said } = await dpkg("--remove", "anyctl");
    assert.notEqual(status, 0);
    assert.match(said, /Cannot remove anyctl: its agent runs/);
    assert.match(await must("dpkg", "--status", "anyctl"), /^Status: \w+ ok installed$/m);
    await must("anyctl", "status");
  });

  test("is removed when ExaBGP is stopped, and leaves configuration and drains", async () => {
    await must("anyctl", "drain", "--all", "--reason", "CHG-1", "--wait");
    await waitForNoRoutes(host);
    await must("systemctl", "stop", UNIT);
    const { status, said } = await dpkg("--remove", "anyctl");
    assert.equal(status, 0, said);
    assert.equal(await isInstalled("/usr/bin/anyctl"), false);
    assert.equal(await isInstalled("/usr/lib/anyctl"), false);
    assert.ok(await isInstalled("/etc/anyctl/anyctl.yaml"));
    assert.ok(await isInstalled("/var/lib/anyctl/drains/_all"));
    await install(findPackage());
    await must("systemctl", "start", UNIT);
    await waitForAgent(host);
    await waitForStatus("the drain to be obeyed", / drained +operator-drain /);
  });

  test("is purged with everything that is its own", async () => {
    await must("systemctl", "stop", UNIT);
    const { status, said } = await dpkg("--purge", "anyctl");
    assert.equal(status, 0, said);
    for (const path of [
      "/etc/anyctl",
      "/var/lib/anyctl",
      "/run/anyctl",
      "/usr/lib/anyctl",
      "/usr/bin/anyctl",
      "/etc/systemd/system/exabgp.service.d/anyctl.conf",
      "/lib/systemd/system/exabgp.service.d",
      "/usr/share/doc/anyctl",
    ]) {
      assert.equal(await isInstalled(path), false, path);
    }
    const left = await must("find", "/etc", "/usr", "/var/lib", "-xdev", "-name", "*anyctl*");
    assert.deepEqual(
      left.split("\n").filter((path) => path !== "" && !path.includes("/dpkg/")),
      [],
    );
  });

  test("is purged where its state has a file system of its own", async () => {
    await install(findPackage());
    await must("mount", "-t", "tmpfs", "tmpfs", "/var/lib/anyctl");
    await must("touch", "/var/lib/anyctl/audit.jsonl");
    const { status, said } = await dpkg("--purge", "anyctl");
    assert.equal(status, 0, said);
    assert.equal(await must("ls", "-A", "/var/lib/anyctl"), "");
  });
});
