/** The `dns` check against a real server. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { startDaemon } from "./daemons.ts";
import { HANG_MS, runCheck } from "./probing.ts";
import { freePort } from "./servers.ts";
import { temporaryFolder } from "./temporary.ts";

/** Larger than any datagram that is asked for. */
const BIG = Array.from({ length: 12 }, (_, at) => `"${String(at).padStart(2, "0").repeat(120)}"`);

const ZONE = `$ORIGIN health.example.
$TTL 60
@ SOA ns1 hostmaster SERIAL 3600 600 86400 300
@ NS ns1
@ MX 10 mail
@ CAA 0 issue "ca.example"
ns1 A 192.0.2.53
www A 192.0.2.53
www A 192.0.2.54
www AAAA 2001:db8::53
alias CNAME other
other CNAME www
ok TXT "all " "is well"
53.2.0.192.in-addr PTR ns1
_dns._udp SRV 0 5 53 ns1
big TXT ${BIG.join(" ")}
`;

async function startUnbound(context: TestContext, serial: number): Promise<string> {
  const folder = temporaryFolder(context);
  const port = await freePort();
  const zone = join(folder, "zone");
  writeFileSync(zone, ZONE.replace("SERIAL", String(serial)));
  writeFileSync(
    join(folder, "unbound.conf"),
    `server:
  interface: 127.0.0.1@${port}
  do-daemonize: no
  chroot: ""
  username: ""
  pidfile: ""
  directory: "${folder}"
  use-syslog: no
  module-config: "iterator"
  do-not-query-localhost: yes
  local-zone: "refused.example." always_refuse
remote-control:
  control-enable: no
auth-zone:
  name: "health.example."
  zonefile: "${zone}"
  for-upstream: no
forward-zone:
  name: "broken.example."
  forward-addr: 127.0.0.1@9
`,
  );
  const args = ["-d", "-c", join(folder, "unbound.conf")];
  await startDaemon(context, "unbound", args, /start of service/);
  return `127.0.0.1:${port}`;
}

describe("dns with unbound", { timeout: HANG_MS }, () => {
  test("rcodes, flags, records, UDP and TCP", async (context) => {
    const server = await startUnbound(context, 7);
    const name = "www.health.example";
    const zone = "health.example";
    const cases: readonly [keys: object, seen: RegExp][] = [
      [{ name }, /^pass passed \(A 192\.0\.2\.5[34], 192\.0\.2\.5[34]\)$/],
      [{ name: "WWW.Health.Example.", expect: ["192.0.2.54"] }, /^pass /],
      [{ name, expect: ["192.0.2.53", "192.0.2.54"], transport: "tcp" }, /^pass /],
      [{ name, expect: ["192.0.2.53", "192.0.2.55"] }, /^fail wrong-answer \(no 192\.0\.2\.55 in/],
      [{ name, record: "AAAA", expect: ["2001:DB8:0::53"] }, /^pass /],
      [{ name: "alias.health.example", expect: ["192.0.2.53"] }, /^pass /],
      [
        { name: "alias.health.example", record: "CNAME", expect: ["other.health.example."] },
        /^pass /,
      ],
      [{ name: "ok.health.example", record: "TXT", expect: ["all is well"] }, /^pass /],
      [
        { name: "ok.health.example", record: "TXT", expect: ["All is well"] },
        /^fail wrong-answer /,
      ],
      [
        { name: "ok.health.example" },
        /^fail wrong-answer \(no A record for ok\.health\.example\)$/,
      ],
      [{ name: zone, record: "NS", expect: ["NS1.health.example"] }, /^pass /],
      [{ name: zone, record: "MX", expect: ["10  mail.health.example."] }, /^pass /],
      [{ name: zone, record: "CAA", expect: ['0 issue "ca.example"'] }, /^pass /],
      [{ name: `_dns._udp.${zone}`, record: "SRV", expect: [`0 5 53 ns1.${zone}`] }, /^pass /],
      [{ name: `53.2.0.192.in-addr.${zone}`, record: "PTR", expect: [`ns1.${zone}`] }, /^pass /],
      [
        {
          name: zone,
          record: "SOA",
          expect: [`ns1.${zone} hostmaster.${zone} 7 3600 600 86400 300`],
        },
        /^pass /,
      ],
      [{ name, "expect-flags": ["aa", "no-ad"] }, /^pass /],
      [
        { name, "expect-flags": ["no-aa"] },
        /^fail wrong-flags \(aa is set in the answer for A www/,
      ],
      [{ name, "expect-flags": ["ad"] }, /^fail wrong-flags \(no ad in the answer for A www/],
      [{ name: "no.health.example" }, /^fail wrong-rcode \(NXDOMAIN for A no\.health\.example\)$/],
      [{ name: "no.health.example", "expect-rcode": ["NXDOMAIN", "REFUSED"] }, /^pass /],
      [{ name: "a.refused.example" }, /^fail wrong-rcode \(REFUSED /],
      [{ name: "a.refused.example", "expect-rcode": ["REFUSED"] }, /^pass /],
      [{ name: "a.broken.example" }, /^fail wrong-rcode \(SERVFAIL /],
    ];
    for (const [keys, seen] of cases) {
      // oxlint-disable-next-line no-await-in-loop -- one line after the other
      const { result } = await runCheck({ type: "dns", server, ...keys });
      const line = `${result.outcome} ${result.reason} (${result.detail})`;
      assert.match(line, seen, JSON.stringify(keys));
    }
  });

  test("an answer that is truncated over UDP comes whole over TCP", async (context) => {
    const server = await startUnbound(context, 7);
    const check = { type: "dns", server, name: "big.health.example", record: "TXT" };
    for (const transport of ["udp", "tcp"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { result } = await runCheck({ ...check, transport });
      assert.match(result.detail, /^TXT 0{190,}\.\.\.$/);
    }
  });

  test("a zone that lags, or is ahead", async (context) => {
    const primary = await startUnbound(context, 7);
    const secondary = await startUnbound(context, 5);
    const check = { type: "dns", name: "health.example", record: "SOA" };
    const lag = async (server: string, other: string, maxLag: number): Promise<string> => {
      const keys = { ...check, server, "serial-of": other, "max-lag": maxLag };
      const { result } = await runCheck(keys);
      return `${result.outcome} ${result.reason} (${result.detail})`;
    };
    assert.equal(
      await lag(secondary, primary, 1),
      `fail serial-lags (serial 5, 2 behind 7 of ${primary})`,
    );
    assert.equal(
      await lag(secondary, primary, 2),
      `pass passed (serial 5, 2 behind 7 of ${primary})`,
    );
    assert.equal(
      await lag(primary, secondary, 0),
      `pass passed (serial 7, 0 behind 5 of ${secondary})`,
    );
  });
});
