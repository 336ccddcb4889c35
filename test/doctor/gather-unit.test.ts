// What systemd says of a unit, asked of a systemctl that says what it is told.
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { gatherUnit } from "../../src/doctor/gather-unit.ts";
import { temporaryFolder } from "../checks/temporary.ts";

/** As of Debian's unit with a drop-in behind it. */
const FILES = `# /lib/systemd/system/exabgp.service
[Service]
Type=simple
# WatchdogSec=1
WatchdogSec=60
# /lib/systemd/system/exabgp.service.d/anyctl.conf
[Service]
WatchdogSec=10
`;

/** `WatchdogUSec` as the doctor sees it. */
async function watchdog(
  context: TestContext,
  told: { readonly ActiveState: string; readonly WatchdogUSec: string },
  files = FILES,
): Promise<string | undefined> {
  const folder = temporaryFolder(context);
  const shown = Object.entries({ LoadState: "loaded", ...told }).map((pair) => pair.join("="));
  writeFileSync(join(folder, "show"), `${shown.join("\n")}\n`);
  writeFileSync(join(folder, "cat"), files);
  const program = join(folder, "systemctl");
  writeFileSync(program, `#!/bin/sh\nexec /bin/cat '${folder}'/"$1"\n`);
  chmodSync(program, 0o755);
  const unit = await gatherUnit("exabgp.service", { PATH: folder });
  assert.ok("value" in unit);
  return unit.value.properties.get("WatchdogUSec");
}

it("takes the watchdog of a unit that was never started from its files", async (context) => {
  const told = { ActiveState: "inactive", WatchdogUSec: "infinity" };
  assert.equal(await watchdog(context, told), "10");
  assert.equal(await watchdog(context, told, "[Service]\nType=simple\n"), "infinity");
  assert.equal(await watchdog(context, told, `${FILES}# local.conf\nWatchdogSec=0\n`), "0");
});

it("takes that of its next start when it is over, and of this one while it runs", async (context) => {
  assert.equal(await watchdog(context, { ActiveState: "failed", WatchdogUSec: "infinity" }), "10");
  // Started before the drop-in was there: nobody watches.
  assert.equal(
    await watchdog(context, { ActiveState: "active", WatchdogUSec: "infinity" }),
    "infinity",
  );
});
