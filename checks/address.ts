/** `address`: passes when the addresses of a service are on an interface of this host. */
import { constants } from "node:os";
import { z } from "zod";
import { keyRange } from "./address-key.ts";
import type { ProbeContext } from "./context.ts";
import { fail, inconclusive, NOT_ASKED, pass, type Probe, type Result } from "./probe.ts";

/** As many prefixes as a service may have: they are the default. */
const ADDRESSES_MAX = 5000;

const ADDRESS_ALLOWED = "must be an address, or a prefix without host bits";

const LIST_ALLOWED = `must be a list of 1 to ${ADDRESSES_MAX}`;

const INTERFACE_ALLOWED = "must be the name of an interface without a label: 1 to 15 characters";

/** IFNAMSIZ is 16 with the final NUL; dev_valid_name() of Linux forbids slash, colon and white space. */
const INTERFACE_NAME = /^(?!\.{1,2}$)[\x21-\x2e\x30-\x39\x3b-\x7e]{1,15}$/;

export const AddressCheck = z.strictObject({
  type: z.literal("address"),
  addresses: z
    .array(
      z.string(ADDRESS_ALLOWED).refine((text) => keyRange(text) !== undefined, ADDRESS_ALLOWED),
      LIST_ALLOWED,
    )
    .min(1, LIST_ALLOWED)
    .max(ADDRESSES_MAX, LIST_ALLOWED)
    .optional()
    .describe(
      "What must be on an interface: each address, and one address of each prefix. [the prefixes of the service]",
    ),
  interface: z
    .string(INTERFACE_ALLOWED)
    .regex(INTERFACE_NAME, INTERFACE_ALLOWED)
    .optional()
    .describe("Name of the interface that must have them. [any]"),
});
export type AddressCheck = z.infer<typeof AddressCheck>;

export function createAddressProbe(spec: AddressCheck, { ownAddresses }: ProbeContext): Probe {
  const { addresses = [] } = spec;
  const wanted = addresses.flatMap((text) => {
    const range = keyRange(text);
    return range === undefined ? [] : [{ text, range }];
  });
  const where = spec.interface === undefined ? "an interface" : spec.interface;

  return (signal) => Promise.resolve(signal.aborted ? NOT_ASKED : look());

  function look(): Result {
    // Nothing to look for is not everything found.
    if (wanted.length === 0) return inconclusive("internal", "no address is given");
    try {
      const missing = wanted.filter(({ range }) => !ownAddresses.has(range, spec.interface));
      if (missing.length === 0) return pass(`on ${where}: ${addresses.join(", ")}`);
      const names = missing.map(({ text }) => text).join(", ");
      const count = wanted.length === 1 ? "" : `${missing.length} of ${wanted.length} `;
      return fail("not-assigned", `${count}not on ${where}: ${names}`);
    } catch (error) {
      return resultOfListError(error);
    }
  }
}

const { EMFILE, ENFILE, ENOBUFS, ENOMEM } = constants.errno;
const NO_DESCRIPTORS: ReadonlySet<unknown> = new Set([EMFILE, ENFILE, ENOBUFS, ENOMEM]);

/** `networkInterfaces` gives the number of the error alone, and positive. Never a failure: nothing was seen. */
function resultOfListError(error: unknown): Result {
  const message = error instanceof Error ? error.message : String(error);
  const number = error instanceof Error && "errno" in error ? Math.abs(Number(error.errno)) : NaN;
  const word = NO_DESCRIPTORS.has(number) ? "no-descriptors" : "internal";
  return inconclusive(word, `Cannot list addresses: ${message}`);
}
