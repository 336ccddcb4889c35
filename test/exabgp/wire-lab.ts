/** A PoP with a real router, whose ExaBGP is given its lines by the test instead of the agent. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Router } from "../lab/bird.ts";
import { repositoryView } from "../lab/exabgp.ts";
import { createMiniLab } from "../lab/mini-lab.ts";
import { POP_SESSION } from "../lab/region.ts";
import { Children } from "./children.ts";
import type { Child } from "./children.ts";

/** Both sessions are up when it resolves. Needs root. */
export async function createWireLab(
  context: TestContext,
): Promise<{ child: Child; transit: Router }> {
  const mini = await createMiniLab({ startsWeb: false, startsExabgp: false, agent: "/bin/true" });
  context.after(() => mini.remove());
  const { lab, pop, transit } = mini;
  const socketPath = join(lab.folder, "child.sock");
  const children = await Children.listen(socketPath);
  lab.onRemove(() => children.close());
  // ExaBGP looks at the program when it reads its configuration, and again when it starts it.
  const program = join(lab.folder, "child");
  const script = join(repositoryView(lab), "dist/test/exabgp/child.js");
  writeFileSync(program, `#!/bin/sh\nexec node ${script} relay ${socketPath}\n`, { mode: 0o755 });
  const config = readFileSync(pop.exabgpConfigFile, "utf8");
  writeFileSync(pop.exabgpConfigFile, config.replace("/bin/true", program));
  await pop.exabgp.start();
  const child = await children.next();
  for (const session of Object.values(POP_SESSION)) await transit.waitForSession(session);
  return { child, transit };
}
