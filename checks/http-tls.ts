/** Which authorities an `https` or `tls` check trusts. */
import { X509Certificate } from "node:crypto";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { createCachedFile } from "./cached-file.ts";
import { resultOfError } from "./connect-error.ts";
import { inconclusive, type Result } from "./probe.ts";
import { parseAnchors, type Anchors } from "./tls-chain.ts";

/** Five times the bundle of a Linux distribution. */
const CA_FILE_MAX_BYTES = 1024 * 1024;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export interface Authorities {
  readonly secureContext: SecureContext;
  /** Parsed at the first call, a few in one turn of the event loop. */
  anchors(): Promise<Anchors>;
}

/**
 * Made once and again when the file has changed, because parsing a bundle takes milliseconds. The function
 * that is returned throws if the file cannot be read or is no list of certificates: OpenSSL would take
 * a file that is being written for an empty list, and every certificate for a bad one.
 */
export function createAuthorities(caFile: string | undefined): () => Authorities {
  if (caFile !== undefined) {
    return createCachedFile(caFile, CA_FILE_MAX_BYTES, (content) => {
      const ca = certificatesIn(content.toString("latin1"));
      return authorities(createSecureContext({ ca }), () => parseAnchors(ca));
    });
  }
  let builtIn: Authorities | undefined;
  return () => (builtIn ??= authorities(createSecureContext(), parseBuiltIn));
}

/** The same for who needs no more. */
export function createTrust(caFile: string | undefined): () => SecureContext {
  const find = createAuthorities(caFile);
  return () => find().secureContext;
}

function authorities(secureContext: SecureContext, parse: () => Promise<Anchors>): Authorities {
  let parsing: Promise<Anchors> | undefined;
  return { secureContext, anchors: () => (parsing ??= parse()) };
}

let parsingBuiltIn: Promise<Anchors> | undefined;

/** Some 140, which no two checks need twice. */
function parseBuiltIn(): Promise<Anchors> {
  return (parsingBuiltIn ??= parseAnchors(rootCertificates));
}

/** The file is the operator's and says nothing about the service: never a failure. */
export function resultOfTrustError(error: unknown): Result {
  const result = resultOfError(error);
  if (result?.reason === "no-descriptors") return result;
  const message = error instanceof Error ? error.message : String(error);
  return inconclusive("internal", `Cannot use ca-file: ${message}`);
}

function certificatesIn(text: string): string[] {
  const certificates = text.match(CERTIFICATE) ?? [];
  const begun = text.split("-----BEGIN CERTIFICATE-----").length - 1;
  if (certificates.length === 0 || certificates.length !== begun) {
    throw new Error("no complete certificate in PEM");
  }
  // Each is parsed, because OpenSSL passes over what it cannot read.
  return certificates.map((certificate) => new X509Certificate(certificate).toString());
}
