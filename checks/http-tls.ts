/** Which authorities an `https` check trusts. */
import { X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { createCachedFile } from "./cached-file.ts";

/** Five times the bundle of a Linux distribution. */
const CA_FILE_MAX_BYTES = 1024 * 1024;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Made once and again when the file has changed, because parsing a bundle takes milliseconds. The function
 * that is returned throws if the file cannot be read or is no list of certificates: OpenSSL would take
 * a file that is being written for an empty list, and every certificate for a bad one.
 */
export function createTrust(caFile: string | undefined): () => SecureContext {
  if (caFile !== undefined) {
    return createCachedFile(caFile, CA_FILE_MAX_BYTES, (content) =>
      createSecureContext({ ca: certificatesIn(content.toString("latin1")) }),
    );
  }
  let context: SecureContext | undefined;
  return () => (context ??= createSecureContext());
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
