/** `GET` of a running agent, over TCP or its socket. */
import { get } from "node:http";
import { join } from "node:path";
import { waitUntil } from "../lab/wait.ts";
import type { Site } from "./scripted-exabgp.ts";

/** @param where A path on a port of 127.0.0.1, or on a Unix socket. @returns undefined when nobody answers. */
export function ask(where: {
  readonly port?: number;
  readonly socketPath?: string;
  readonly path: string;
}): Promise<{ readonly status: number; readonly body: string } | undefined> {
  return new Promise((resolve) => {
    const asked = get({ ...where, host: "127.0.0.1", agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", () => resolve(undefined));
    });
    asked.on("error", () => resolve(undefined));
  });
}

/** The metrics of the agent of a site, as soon as there are those of services. */
export function scrapeSocket(site: Site): Promise<string> {
  return waitUntil("metrics of services", async () => {
    const answer = await ask({ socketPath: join(site.folder, "agent.sock"), path: "/metrics" });
    return answer?.body.includes("anyctl_service_state{") === true ? answer.body : undefined;
  });
}
