import assert from "node:assert/strict";
import { test } from "node:test";
import { detectExabgp } from "../lab/exabgp-program.ts";

test("the installed ExaBGP, with which every other test runs, is that of Debian 12", async () => {
  const { version } = await detectExabgp("exabgp");
  const hint = "run scripts/exabgp-of bookworm, and the tests with ANYCTL_TEST_EXABGP";
  assert.equal(version, "4.2.21", `then nothing is proved about 4.2.21 here: ${hint}`);
});

test("what tells no version, or has no absolute path, is not tested", async () => {
  await assert.rejects(detectExabgp("/bin/true"), /Cannot test with ExaBGP "\/bin\/true"/);
  await assert.rejects(detectExabgp("./exabgp"), /must be absolute/);
  await assert.rejects(detectExabgp("/nonexistent/exabgp"), /ENOENT/);
});
