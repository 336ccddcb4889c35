/** scripts/exabgp-of with mirrors that are none: it ends, says why, and leaves nothing that could be taken for an ExaBGP. */
import assert from "node:assert/strict";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type CommandResult, tryCommand } from "../lab/command.ts";
import { baseEnvironment } from "../lab/namespace.ts";
import { REPOSITORY } from "../lab/repository.ts";

/** @returns What the script said of a mirror that answers so, and what is in its cache then. */
async function fetchFrom(
  t: TestContext,
  answer: RequestListener,
): Promise<CommandResult & { readonly cached: string[]; readonly mirror: string }> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const folder = mkdtempSync(join(tmpdir(), "anyctl-fetch-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  // The cache is beside the script's folder.
  mkdirSync(join(folder, "scripts"));
  copyFileSync(join(REPOSITORY, "scripts/exabgp-of"), join(folder, "scripts/exabgp-of"));
  const left = join(folder, ".cache/exabgp/.fetch-killed");
  mkdirSync(left, { recursive: true });
  utimesSync(left, 0, 0);
  const aptConfig = join(folder, "apt.conf");
  writeFileSync(aptConfig, 'Acquire::http::Proxy "DIRECT";\n');
  const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/debian`;
  const result = await tryCommand("bash", [join(folder, "scripts/exabgp-of"), "trixie"], {
    env: {
      ...baseEnvironment(),
      APT_CONFIG: aptConfig,
      EXABGP_OF_MIRROR: mirror,
      EXABGP_OF_PATIENCE_S: "3",
    },
  });
  return { ...result, cached: readdirSync(join(folder, ".cache/exabgp")), mirror };
}

test("a mirror that sends one octet a second is given up, and named", async (t) => {
  const { status, stderr, cached, mirror } = await fetchFrom(t, (_, response) => {
    response.writeHead(200, { "content-length": 1_000_000 });
    const timer = setInterval(() => response.write("x"), 1000);
    response.once("close", () => clearInterval(timer));
  });
  assert.equal(
    stderr,
    `exabgp-of: Cannot read the packages of trixie: E: no end after 3 s, with ${mirror}\n`,
  );
  assert.deepEqual([status, cached], [1, []]);
});

test("a mirror without Debian's signature is refused", async (t) => {
  const { status, stderr, cached } = await fetchFrom(t, ({ url }, response) => {
    if (!url?.endsWith("/Release")) response.writeHead(404);
    response.end("Suite: trixie\nCodename: trixie\nComponents: main\nArchitectures: amd64\n");
  });
  assert.match(stderr, /Cannot read the packages of trixie: E: The repository .* is not signed/);
  assert.deepEqual([status, cached], [1, []]);
});
