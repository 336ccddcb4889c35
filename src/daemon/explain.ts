/** Answers why: the core's explanation, with what only the shell knows. */
import type { BridgeStatus } from "exabgp-ts-bridge";
import { parsePrefix } from "../config/prefix.ts";
import type { Explanation, Subject } from "../control/explanation.ts";
import type { ErrorBody } from "../control/protocol.ts";
import { whyPrefix, whyService, whyText, type Surroundings } from "../core/why.ts";
import { noSuch } from "./no-such.ts";
import type { StatusSources } from "./status.ts";

type ExplanationSources = Pick<StatusSources, "state" | "moment" | "config" | "echo"> & {
  readonly problems?: Pick<StatusSources["problems"], "list">;
  readonly bridge: { status(): Pick<BridgeStatus, "phase" | "acks" | "sessions"> };
};

/** @returns Why it is so, or which names there are; undefined until the agent has begun to decide. */
export function explain(
  { kind, name }: Subject,
  { state, moment, config, bridge, echo, problems }: ExplanationSources,
): Explanation | ErrorBody | undefined {
  if (state === undefined) return undefined;
  const { phase, acks, sessions } = bridge.status();
  const around: Surroundings = {
    moment,
    config,
    exabgp: { phase, acks },
    sessions: [...sessions.values()],
    sent: echo.byPrefix(),
    idles: problems?.list().find(({ word }) => word === "crash-loop")?.detail,
  };
  const why =
    kind === "service"
      ? whyService(state, name, around)
      : whyPrefix(state, parsePrefix(name)?.text ?? name, around);
  if (why !== undefined) return { ...why, text: whyText(why, moment.wallMs) };
  const names =
    kind === "service"
      ? state.index.plan.services.map((service) => service.name)
      : [...state.routes.keys()];
  return noSuch(kind, name, names);
}
