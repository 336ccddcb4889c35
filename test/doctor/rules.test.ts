// Every rule finds nothing on a host where all is well, and finds its fault where that alone is planted.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { FileMode } from "../../src/doctor/host.ts";
import { renderDoctorPage } from "../../src/doctor/reference.ts";
import { judge } from "../../src/doctor/rule.ts";
import { RULES } from "../../src/doctor/rules.ts";
import { STATUS } from "../control/fixtures.ts";
import { REPOSITORY } from "../lab/repository.ts";
import { CONF, makeHost, MODES, YAML, type Written } from "./made-up-host.ts";

interface Case {
  readonly rule: string;
  readonly plant: Written;
  /** Where it is, and what is found. */
  readonly tells: RegExp;
  /** What the fault brings with it. */
  readonly also?: readonly string[];
}

const [DNS] = STATUS.services;

const FAULTS: readonly Case[] = [
  // anyctl.yaml
  {
    rule: "config-invalid",
    plant: yaml("hold: damping-safe", "hald: x"),
    tells: /anyctl\.yaml:4:5.*hald/,
  },
  {
    rule: "config-unwise",
    plant: yaml("watch: true", "timeout: 100ms"),
    tells: /anyctl\.yaml:6:.*timeout/,
  },
  {
    rule: "host-bits",
    plant: yaml("185.1.2.0/24", "185.1.2.1/24"),
    tells: /anyctl\.yaml:3:16.*host bits/,
  },
  {
    rule: "prefix-length",
    plant: yaml("185.1.2.0/24", "185.1.2.0/25"),
    tells: /:3:.*\/25.*longer/,
  },
  {
    rule: "special-space",
    plant: yaml("185.1.2.0/24", "10.1.2.0/24"),
    tells: /:3:.*private space/,
  },
  {
    rule: "next-hop",
    plant: yaml("local-as: 64496,", "local-as: 64496, next-hop: 127.0.0.1,"),
    tells: /:5:.*next-hop.*127\.0\.0\.1/,
  },
  {
    rule: "hiding-community",
    plant: yaml("local-as: 64496,", 'local-as: 64496, communities: ["65535:666"],'),
    tells: /:5:.*communities\[0\]/,
  },
  { rule: "hold", plant: yaml("    hold: damping-safe\n", ""), tells: /service dns has no hold/ },
  // The agent's process
  {
    rule: "exabgp-conf",
    plant: conf("hold-time 30;", "hold-time 30"),
    tells: /exabgp\.conf:4.*";"/,
  },
  {
    rule: "process-missing",
    plant: conf(/process anyctl.*/, "process other { run /bin/true; encoder json; }"),
    tells: /no such process/,
    also: ["api-unknown-process"],
  },
  {
    rule: "process-twice",
    plant: conf(
      "neighbor 198",
      "process second { run /usr/bin/anyctl agent; encoder json; }\nneighbor 198",
    ),
    tells: /exabgp\.conf:2: process second/,
  },
  {
    rule: "run-agent",
    plant: conf("anyctl agent", "anyctl status"),
    tells: /exabgp\.conf:1: process anyctl/,
  },
  {
    rule: "run-quotes",
    plant: conf("/usr/bin/anyctl agent", "'/usr/bin/anyctl' agent"),
    tells: /exabgp\.conf:1/,
  },
  { rule: "run-wrapper", plant: conf("run /usr", "run /usr/bin/nice /usr"), tells: /runs nice/ },
  {
    rule: "run-program",
    plant: { facts: { program: { path: "/usr/bin/anyctl", state: "not-executable" } } },
    tells: /\/usr\/bin\/anyctl: is not executable/,
  },
  {
    rule: "run-config",
    plant: conf("/etc/anyctl/anyctl.yaml", "/etc/other.yaml"),
    tells: /--config is \/etc\/other\.yaml/,
  },
  {
    rule: "process-respawn",
    plant: conf("encoder json;", "encoder json; respawn false;"),
    tells: /exabgp\.conf:1: process anyctl/,
  },
  { rule: "encoder-missing", plant: conf("encoder json;", ""), tells: /process anyctl/ },
  { rule: "encoder-text", plant: conf("encoder json;", "encoder text;"), tells: /encoder text/ },
  {
    rule: "api-missing",
    plant: conf(
      "neighbor 198.51.100.1",
      "neighbor 198.51.100.3 { local-address 198.51.100.2; }\nneighbor 198.51.100.1",
    ),
    tells: /exabgp\.conf:2: neighbor 198\.51\.100\.3 has no api \{ processes \[ anyctl/,
  },
  {
    rule: "api-unknown-process",
    plant: conf("[ anyctl ]", "[ anyctl other ]"),
    tells: /exabgp\.conf:6.*names process other/,
  },
  {
    rule: "neighbor-changes",
    plant: conf("neighbor-changes; ", ""),
    tells: /exabgp\.conf:6: neighbor 198/,
  },
  {
    rule: "updates-not-told",
    plant: conf("send { parsed; update; }", "send { parsed; }"),
    tells: /exabgp\.conf:6/,
  },
  // Neighbors
  {
    rule: "graceful-restart",
    plant: conf("hold-time 30;", "hold-time 30; capability { graceful-restart 60; }"),
    tells: /exabgp\.conf:4/,
  },
  {
    rule: "static-route",
    plant: conf("hold-time 30;", "hold-time 30; static { route 185.1.2.0/24 next-hop self; }"),
    tells: /185\.1\.2\.0\/24 by itself.*service dns/,
  },
  {
    rule: "static-cover",
    plant: conf(
      "hold-time 30;",
      "hold-time 30; announce { ipv4 { unicast 185.0.0.0/8 next-hop self; } }",
    ),
    tells: /185\.0\.0\.0\/8/,
  },
  {
    rule: "hold-time",
    plant: conf("hold-time 30;", ""),
    tells: /exabgp\.conf:2: .*180, the default/,
  },
  { rule: "hold-time", plant: conf("hold-time 30;", "hold-time 0;"), tells: /hold-time 0/ },
  { rule: "hold-time", plant: conf("hold-time 30;", "hold-time 91;"), tells: /exabgp\.conf:4.*91/ },
  {
    rule: "hold-time-long",
    plant: conf("hold-time 30;", "hold-time 90;"),
    tells: /exabgp\.conf:4.*90/,
  },
  {
    rule: "adj-rib-out",
    plant: conf("hold-time 30;", "hold-time 30; adj-rib-out false;"),
    tells: /adj-rib-out false/,
  },
  {
    rule: "auto-flush",
    plant: conf("hold-time 30;", "hold-time 30; auto-flush disable;"),
    tells: /auto-flush disable/,
  },
  {
    rule: "group-updates",
    plant: conf("hold-time 30;", "hold-time 30; group-updates false;"),
    tells: /group-updates false/,
  },
  { rule: "passive", plant: conf("hold-time 30;", "hold-time 30; passive;"), tells: /is passive/ },
  // Both together
  {
    rule: "family-missing",
    plant: conf("ipv4 unicast", "ipv6 unicast"),
    tells: /no neighbor has ipv4 unicast for 185/,
  },
  {
    rule: "next-hop-self",
    plant: {
      ...yaml("[185.1.2.0/24]", "[185.1.2.0/24, 2a00:1::/48]"),
      ...conf("ipv4 unicast;", "ipv4 unicast; ipv6 unicast;"),
    },
    tells: /no IPv6 address for 2a00:1::\/48/,
    also: ["address-missing"],
  },
  {
    rule: "local-as",
    plant: conf("local-as 64496", "local-as 64497"),
    tells: /exabgp\.conf:3.*64497, service dns has 64496/,
  },
  {
    rule: "local-preference",
    plant: yaml("local-as: 64496,", "local-as: 64496, local-preference: 200,"),
    tells: /no neighbor of service dns is iBGP/,
  },
  {
    rule: "unknown-neighbor",
    plant: { facts: { config: withNeighbors(["198.51.100.1", "203.0.113.9"]) } },
    tells: /service dns names 203\.0\.113\.9/,
  },
  // exabgp.env
  {
    rule: "acks-off",
    plant: { env: "ack = false\n" },
    tells: /exabgp\.env:3: api\.ack is "false"/,
  },
  {
    rule: "acks-off",
    plant: { environment: { exabgp_api_ack: "no" } },
    tells: /the environment of ExaBGP: api\.ack is "no"/,
  },
  { rule: "respawn-off", plant: { env: "respawn = false\n" }, tells: /exabgp\.env:3/ },
  { rule: "log-off", plant: { environment: { exabgp_log_enable: "false" } }, tells: /log\.enable/ },
  {
    rule: "daemonize",
    plant: { env: "[exabgp.daemon]\ndaemonize = true\n" },
    tells: /exabgp\.env:4/,
  },
  { rule: "tcp-once", plant: { env: "[exabgp.tcp]\nonce = true\n" }, tells: /exabgp\.env:4/ },
  { rule: "tcp-delay", plant: { env: "[exabgp.tcp]\ndelay = 5\n" }, tells: /exabgp\.env:4/ },
  { rule: "api-cli", plant: { environment: { "exabgp.api.cli": "true" } }, tells: /api\.cli/ },
  // Addresses and kernel
  {
    rule: "address-missing",
    plant: addresses([["eth0", "198.51.100.2", 24]]),
    tells: /none is in 185\.1\.2\.0\/24 of service dns/,
  },
  {
    rule: "address-mask",
    plant: addresses([
      ["eth0", "198.51.100.2", 24],
      ["lo", "185.1.2.53", 24],
    ]),
    tells: /interface lo: 185\.1\.2\.53\/24/,
  },
  {
    rule: "local-address",
    plant: addresses([["lo", "185.1.2.53", 32]]),
    tells: /exabgp\.conf:3: .*198\.51\.100\.2/,
  },
  {
    rule: "no-route",
    plant: { facts: { uplinks: [] } },
    tells: /exabgp\.conf:2: neighbor 198\.51\.100\.1/,
  },
  {
    rule: "rp-filter",
    plant: {
      facts: {
        rpFilter: new Map([
          ["all", 0],
          ["eth0", 1],
        ]),
      },
    },
    tells: /net\.ipv4\.conf\.eth0\.rp_filter/,
  },
  {
    rule: "rp-filter",
    plant: {
      facts: {
        rpFilter: new Map([
          ["all", 1],
          ["eth0", 0],
        ]),
      },
    },
    tells: /net\.ipv4\.conf\.all\.rp_filter/,
  },
  {
    rule: "clock",
    plant: { facts: { clock: { isSynchronized: false } } },
    tells: /NTPSynchronized/,
  },
  // The unit
  {
    rule: "notify-access",
    plant: { unit: { NotifyAccess: "main" } },
    tells: /exabgp\.service: NotifyAccess=main/,
  },
  {
    rule: "watchdog",
    plant: { unit: { WatchdogUSec: "0" } },
    tells: /exabgp\.service: WatchdogUSec=0/,
  },
  {
    rule: "unit-writable",
    plant: { unit: { ReadWritePaths: "/var/lib/anyctl2 /var/lib/anyctl" } },
    tells: /ProtectSystem=strict, and not \/run\/anyctl/,
  },
  {
    rule: "unit-order",
    plant: yaml(
      "type: tcp, host: 127.0.0.1, port: 9, watch: true",
      "type: systemd, unit: unbound.service",
    ),
    tells: /is not After=unbound\.service/,
  },
  { rule: "unit-restart", plant: { unit: { Restart: "no" } }, tells: /Restart=no/ },
  { rule: "unit-user", plant: { unit: { User: "" } }, tells: /User=/ },
  { rule: "unit-drain", plant: { unit: { ExecStop: "" } }, tells: /ExecStop=/ },
  { rule: "unit-kill-mode", plant: { unit: { KillMode: "process" } }, tells: /KillMode=process/ },
  {
    rule: "unit-mounts",
    plant: { unit: { RequiresMountsFor: "/run/exabgp /var/lib/anyctl2" } },
    tells: /RequiresMountsFor/,
  },
  {
    rule: "open-files",
    plant: { facts: { openFiles: { limit: 65, where: "/proc/9/limits" } } },
    tells: /\/proc\/9\/limits: 65, needed are 66/,
  },
  {
    rule: "journal-volatile",
    plant: { facts: { journal: { isPersistent: false } } },
    tells: /\/var\/log\/journal/,
  },
  // Files
  {
    rule: "config-writable",
    plant: mode("config", { mode: 0o646 }),
    tells: /anyctl\.yaml: has mode 0646/,
  },
  {
    rule: "secret-readable",
    plant: {
      ...conf("hold-time 30;", "hold-time 30; md5-password geheim;"),
      ...mode("exabgp.conf", { mode: 0o644 }),
    },
    tells: /exabgp\.conf: has mode 0644/,
  },
  {
    rule: "secret-in-argv",
    plant: {
      ...conf("hold-time 30;", "hold-time 30; md5-password geheim;"),
      facts: { exabgp: [{ pid: 7, uid: 106, argv: ["exabgp", "--password=geheim"] }] },
    },
    tells: /process 7/,
  },
  { rule: "orders-writable", plant: mode("pins", { mode: 0o777 }), tells: /pins: has mode 0777/ },
  {
    rule: "state-dir",
    plant: mode("state-dir", { uid: 1000 }),
    tells: /owned by uid 1000, ExaBGP is uid 106/,
  },
  { rule: "state-dir", plant: mode("state-dir", { isFolder: false }), tells: /is no folder/ },
  {
    rule: "state-dir-missing",
    plant: {
      facts: {
        modes: MODES.filter(({ role }) => role !== "state-dir").concat({
          role: "state-dir",
          path: "/var/lib/anyctl",
        }),
      },
    },
    tells: /\/var\/lib\/anyctl: the state-dir is not there/,
  },
  // What runs
  {
    rule: "exabgp-not-running",
    plant: { facts: { exabgp: [], reach: silent(), agent: { unknown: "no agent" } } },
    tells: /no process/,
  },
  {
    rule: "exabgp-twice",
    plant: { facts: { exabgp: [7, 8].map((pid) => ({ pid, uid: 106, argv: ["exabgp"] })) } },
    tells: /processes 7, 8/,
  },
  {
    rule: "agent-silent",
    plant: { facts: { reach: silent(), agent: { unknown: "no agent" } } },
    tells: /agent\.sock: does not answer/,
  },
  { rule: "exabgp-version", plant: exabgp({ version: "4.2.16" }), tells: /4\.2\.16/ },
  { rule: "exabgp-version", plant: exabgp({ version: "exabgp 6.0.0" }), tells: /6\.0\.0/ },
  { rule: "exabgp-silent", plant: exabgp({ phase: "greeting" }), tells: /phase greeting/ },
  { rule: "acks-missing", plant: exabgp({ acks: "off" }), tells: /acks off/ },
  {
    rule: "agent-version",
    plant: { status: { agent: { ...STATUS.agent, version: "0.0.1" } } },
    tells: /0\.0\.1, here/,
  },
  {
    rule: "session-down",
    plant: {
      status: { sessions: [{ neighbor: "198.51.100.1", state: "down", reason: "peer reset" }] },
    },
    tells: /neighbor 198\.51\.100\.1: down: peer reset/,
  },
  {
    rule: "session-never-up",
    plant: conf("neighbor 198.51.100.1 {", "neighbor 198.51.100.9 {"),
    tells: /exabgp\.conf:2: neighbor 198\.51\.100\.9 has had no session/,
    also: ["no-route"],
  },
  {
    rule: "session-unknown",
    plant: { status: { sessions: [] } },
    tells: /no session/,
    also: ["session-never-up"],
  },
  {
    rule: "config-not-in-force",
    plant: { status: { config: { ...STATUS.config, current: false } } },
    tells: /anyctl\.yaml: is not in force/,
  },
  {
    rule: "route-refused",
    plant: {
      status: {
        services: [
          {
            ...DNS!,
            routes: DNS!.routes.map((route) => ({ ...route, answer: "failed" as const })),
          },
        ],
      },
    },
    tells: /service dns: 192\.0\.2\.0\/24 announcement failed/,
  },
  {
    rule: "agent-problem",
    plant: {
      status: { problems: [{ since: "2026-01-01T00:00:00Z", word: "journal", detail: "away" }] },
    },
    tells: /problem journal: away/,
  },
  {
    rule: "drained",
    plant: {
      status: {
        drains: [
          {
            service: "_all",
            kind: "operator",
            reason: "new kernel",
            by: "uid:0(root)",
            since: undefined,
            until: undefined,
            problem: undefined,
            gracefulMs: undefined,
            transient: false,
          },
        ],
      },
    },
    tells: /the whole PoP: by uid:0\(root\): new kernel/,
  },
];

describe("a rule", () => {
  it("finds nothing where all is well, and can be asked everywhere", () => {
    const { findings, skipped } = judge(makeHost(), RULES);
    assert.deepEqual(
      findings.map(({ rule: { id }, found }) => `${id} ${found}`),
      [],
    );
    assert.deepEqual(skipped, []);
  });

  it("is not in the way of anybody twice, and each has a planted fault", () => {
    const ids = RULES.map(({ id }) => id);
    assert.deepEqual([...new Set(ids)], ids);
    const planted = new Set(FAULTS.map(({ rule }) => rule));
    assert.deepEqual(
      ids.filter((id) => !planted.has(id)),
      [],
    );
  });

  for (const { rule, plant, tells, also = [] } of FAULTS) {
    it(`${rule} finds ${tells.source.slice(0, 60)}, and no other finds anything`, () => {
      const { findings } = judge(makeHost(plant), RULES);
      const own = findings.filter((one) => one.rule.id === rule);
      assert.ok(own.length > 0, `found: ${findings.map((one) => one.rule.id).join(", ")}`);
      assert.ok(
        own.some(({ where, found }) => tells.test(`${where}: ${found}`)),
        JSON.stringify(own),
      );
      const others = findings.map((one) => one.rule.id).filter((id) => id !== rule);
      assert.deepEqual(
        others.filter((id) => !also.includes(id)),
        [],
      );
      assert.doesNotMatch(JSON.stringify(own), /geheim/);
    });
  }

  it("leaves it to an address check which addresses must be here", () => {
    const here = "here: { type: address, addresses: [10.0.0.7], advisory: true }";
    const plant = { ...yaml("{ resolver:", `{ ${here}, resolver:`), ...addresses([]) };
    const ids = judge(makeHost(plant), RULES).findings.map(({ rule: { id } }) => id);
    assert.ok(!ids.includes("address-missing"), ids.join(", "));
  });

  it("says what is wrong, why, and what to do, in plain words", () => {
    for (const { id, about, why, mend } of RULES) {
      assert.match(id, /^[a-z]+(?:-[a-z]+)*$/);
      assert.match(about, /^[^A-Z].*[^.]$|^ExaBGP.*[^.]$|^TCP/, id);
      for (const text of [why, mend]) assert.match(text, /^[\x20-\x7e]{5,}$/, id);
    }
  });

  it("stands in docs/doctor.md as it is", () => {
    const text = readFileSync(join(REPOSITORY, "docs/doctor.md"), "utf8");
    assert.equal(text, renderDoctorPage(text), "run npm run docs");
  });
});

describe("what could not be looked at", () => {
  it("is skipped with its reason, and never fine", () => {
    const host = makeHost({ facts: { unit: { unknown: "systemctl is not installed" } } });
    const { findings, skipped } = judge(host, RULES);
    assert.deepEqual(findings, []);
    assert.ok(skipped.length >= 8);
    assert.ok(
      skipped.every(({ rule, why }) => rule.needs.includes("unit") && why.startsWith("systemctl")),
    );
  });
});

function yaml(from: string, to: string): Written {
  assert.ok(YAML.includes(from));
  return { yaml: YAML.replace(from, to) };
}

function conf(from: string | RegExp, to: string): Written {
  assert.notEqual(CONF.replace(from, to), CONF);
  return { conf: CONF.replace(from, to) };
}

function addresses(all: [string, string, number][]): Written {
  return {
    facts: {
      addresses: all.map(([interfaceName, address, prefixLength]) => ({
        interfaceName,
        address,
        prefixLength,
      })),
    },
  };
}

function mode(role: FileMode["role"], change: Partial<NonNullable<FileMode["found"]>>): Written {
  return {
    facts: {
      modes: MODES.map((one) =>
        one.role === role && one.found !== undefined
          ? { ...one, found: { ...one.found, ...change } }
          : one,
      ),
    },
  };
}

function exabgp(change: Partial<typeof STATUS.exabgp>): Written {
  return { status: { exabgp: { ...STATUS.exabgp, ...change } } };
}

function silent() {
  return { socketPath: "/run/anyctl/agent.sock", error: "does not answer" };
}

function withNeighbors(neighbors: readonly string[]) {
  const { config } = makeHost();
  if (!("value" in config)) throw new Error("the sound host has a configuration");
  const { plan } = config.value;
  const services = plan.services.map((service) => ({
    ...service,
    routes: service.routes.map((route) => ({ ...route, neighbors })),
  }));
  return { ...config.value, plan: { ...plan, services } };
}
