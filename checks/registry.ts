/** All check types. A new one is one file beside this one, and one line in `CHECK_TYPES`. */
import { z } from "zod";
import { AddressCheck, createAddressProbe } from "./address.ts";
import type { ProbeContext } from "./context.ts";
import { createDnsProbe, DnsCheck } from "./dns.ts";
import { loadDnsPacket } from "./dns-message.ts";
import { createExecProbe, ExecCheck, listenExec } from "./exec.ts";
import { createFileProbe, FileCheck, listenFile } from "./file.ts";
import { createHttpProbe, HttpCheck, listenHttp } from "./http.ts";
import { loadGot } from "./http-request.ts";
import type { Listen } from "./listen.ts";
import type { Probe } from "./probe.ts";
import { createSystemdProbe, listenSystemd, SystemdCheck } from "./systemd.ts";
import { createTcpProbe, listenTcp, TcpCheck } from "./tcp.ts";
import { createTlsProbe, TlsCheck } from "./tls.ts";
import { createUdpProbe, UdpCheck } from "./udp.ts";
import { createUnixProbe, listenUnix, UnixCheck } from "./unix.ts";

export type { ProbeContext } from "./context.ts";

/**
 * The key is the word that `type` has in the configuration. `prepare` loads what is slow to load; `listen` says how
 * to hear of the target between two polls, and gives undefined where the check does not want it.
 */
export const CHECK_TYPES = {
  address: { schema: AddressCheck, create: createAddressProbe, prepare: nothing, listen: deaf },
  dns: { schema: DnsCheck, create: createDnsProbe, prepare: loadDnsPacket, listen: deaf },
  exec: { schema: ExecCheck, create: createExecProbe, prepare: nothing, listen: listenExec },
  file: { schema: FileCheck, create: createFileProbe, prepare: nothing, listen: listenFile },
  http: { schema: HttpCheck, create: createHttpProbe, prepare: loadGot, listen: listenHttp },
  systemd: {
    schema: SystemdCheck,
    create: createSystemdProbe,
    prepare: nothing,
    listen: listenSystemd,
  },
  tcp: { schema: TcpCheck, create: createTcpProbe, prepare: nothing, listen: listenTcp },
  tls: { schema: TlsCheck, create: createTlsProbe, prepare: nothing, listen: deaf },
  udp: { schema: UdpCheck, create: createUdpProbe, prepare: nothing, listen: deaf },
  unix: { schema: UnixCheck, create: createUnixProbe, prepare: nothing, listen: listenUnix },
} as const;

type CheckTypes = typeof CHECK_TYPES;
type Schema = CheckTypes[keyof CheckTypes]["schema"];

/** One check as parsed, without its timing; keys are written as in the configuration file. */
export type CheckSpec = z.infer<Schema>;

/** The keys of one check that belong to its type. Timing keys are for the configuration to add. */
export const CheckSchema = z.discriminatedUnion(
  "type",
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table above is not empty
  Object.values(CHECK_TYPES).map((type) => type.schema) as [Schema, ...Schema[]],
);

/** Opens and reads nothing; the probe does, each time that it runs. */
export function createProbe(spec: CheckSpec, context: ProbeContext): Probe {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each row's `create` takes what its `schema` gives; TypeScript does not connect `spec.type` with `spec`
  const create = CHECK_TYPES[spec.type].create as (spec: CheckSpec, context: ProbeContext) => Probe;
  return create(spec, context);
}

/** How to hear of the target of a check between two polls; undefined: it is not listened to. */
export function createListen(spec: CheckSpec, context: ProbeContext): Listen | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as in `createProbe`
  const listen = CHECK_TYPES[spec.type].listen as (
    spec: CheckSpec,
    context: ProbeContext,
  ) => Listen | undefined;
  return listen(spec, context);
}

/**
 * Loads what the types of `specs` need. Without it the first attempt does, and is slower by that: to be
 * awaited before time is measured.
 */
export async function prepareProbes(specs: readonly CheckSpec[]): Promise<void> {
  const types = new Set(specs.map(({ type }) => type));
  await Promise.all([...types].map((type) => CHECK_TYPES[type].prepare()));
}

/** For types that are only polled. */
function deaf(): undefined {
  return undefined;
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
