import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";
import { type Commit, packageVersion } from "../../packaging/version.ts";

const NOON_S = Date.UTC(2026, 2, 1, 12) / 1000;
const COMMIT: Commit = {
  hash: "0e33f3a53e70cc8ab7b0ae4d4bd3a7f0d9bb7f55",
  epochS: NOON_S,
  isClean: true,
  tags: [""],
  isAfterRelease: false,
};

function versionOf(change: Partial<Commit>, nowS = NOON_S + 60): string {
  return packageVersion("0.2.0", { ...COMMIT, ...change }, nowS).debian;
}

it("versions say what they were made of", () => {
  assert.equal(versionOf({}), "0.2.0~git20260301120000.0e33f3a-1");
  assert.equal(versionOf({ isClean: false }), "0.2.0~git20260301120100.0e33f3a.dirty-1");
  assert.equal(versionOf({ tags: ["v0.2.0", "latest"] }), "0.2.0-1");
  assert.equal(
    versionOf({ tags: ["v0.2.0"], isAfterRelease: true, isClean: false }),
    "0.2.0+git20260301120100.0e33f3a.dirty-1",
  );
  assert.equal(versionOf({ isAfterRelease: true }), "0.2.0+git20260301120000.0e33f3a-1");
  assert.deepEqual(packageVersion("0.2.0", undefined, NOON_S), {
    debian: "0.2.0-1",
    epochS: NOON_S,
  });
});

it("each is newer for dpkg than those before it", () => {
  const inOrder = [
    versionOf({}),
    versionOf({ isClean: false }),
    versionOf({ isClean: false }, NOON_S + 61),
    versionOf({ epochS: NOON_S + 3600, hash: "00000000" }),
    versionOf({ tags: ["v0.2.0"] }),
    versionOf({ isAfterRelease: true, epochS: NOON_S + 7200 }),
    packageVersion("0.3.0", { ...COMMIT, epochS: NOON_S + 9000 }, NOON_S).debian,
  ];
  for (const [nth, version] of inOrder.slice(1).entries()) {
    const before = inOrder[nth] ?? "";
    const { status } = spawnSync("dpkg", ["--compare-versions", before, "lt", version]);
    assert.equal(status, 0, `${before} < ${version}`);
  }
});
