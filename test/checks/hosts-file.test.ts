import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createHostsFile, HOSTS_FILE_MAX_BYTES } from "../../checks/hosts-file.ts";
import { createResolver } from "../../checks/resolve.ts";
import { serveDns } from "./dns-server.ts";
import { temporaryFolder } from "./temporary.ts";

const TEXT = `
# comment 192.0.2.99 web
192.0.2.1 web Web.Example\t# web2
  2001:db8::1   web
192.0.2.1 web
not-an-address web
192.0.2.3
192.0.2.4\tlast`;

describe("hosts file", () => {
  const cases: readonly [name: string, addresses: string[]][] = [
    ["web", ["192.0.2.1", "2001:db8::1"]],
    ["web.example", ["192.0.2.1"]],
    ["web2", []],
    ["last", ["192.0.2.4"]],
    ["toString", []],
  ];
  for (const [name, addresses] of cases) {
    test(`${name}: ${addresses.join(" ")}`, (context) => {
      const path = join(temporaryFolder(context), "hosts");
      writeFileSync(path, TEXT);
      assert.deepEqual(createHostsFile(path)(name), addresses);
    });
  }

  test("a replaced file is read again, a missing one is empty", (context) => {
    const path = join(temporaryFolder(context), "hosts");
    const hosts = createHostsFile(path);
    assert.deepEqual(hosts("web"), []);
    for (const address of ["192.0.2.1", "192.0.2.2"]) {
      writeFileSync(`${path}.new`, `${address} web\n`);
      renameSync(`${path}.new`, path);
      assert.deepEqual(hosts("web"), [address]);
    }
    rmSync(path);
    assert.deepEqual(hosts("web"), []);
  });

  test("one that cannot be read is what it was", (context) => {
    const path = join(temporaryFolder(context), "hosts");
    writeFileSync(path, "192.0.2.1 web\n");
    const hosts = createHostsFile(path);
    assert.deepEqual(hosts("web"), ["192.0.2.1"]);
    rmSync(path);
    mkdirSync(path);
    assert.deepEqual(hosts("web"), ["192.0.2.1"]);
  });

  test("is read up to its limit, and no line is cut in two", (context) => {
    const path = join(temporaryFolder(context), "hosts");
    const start = "192.0.2.1 first\n";
    const filler = "#".repeat(HOSTS_FILE_MAX_BYTES - start.length - "\n192.0.2.2 sec".length);
    writeFileSync(path, `${start}${filler}\n192.0.2.2 second\n192.0.2.3 third\n`);
    const hosts = createHostsFile(path);
    const found = ["first", "sec", "second", "third"].map((name) => hosts(name).join());
    assert.deepEqual(found, ["192.0.2.1", "", "", ""]);
  });

  test("goes before DNS", async (context) => {
    const server = await serveDns(context, { A: ["192.0.2.9"], AAAA: [] });
    const path = join(temporaryFolder(context), "hosts");
    writeFileSync(path, "192.0.2.1 health.example\n");
    const resolver = createResolver({ servers: [server.address], hostsFile: path });
    const { signal } = new AbortController();
    const resolved = await resolver.resolve("Health.Example.", signal);
    assert.deepEqual(resolved, { addresses: [{ address: "192.0.2.1", family: 4 }] });
    assert.deepEqual(server.questions, []);
  });
});
