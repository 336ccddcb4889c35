/** The certificates of a server, and which of them a client needs. */
import { X509Certificate } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";

/** OpenSSL takes at most 100 KiB of them (SSL_CTX_set_max_cert_list(3)); this bounds the work of a silly server. */
const SENT_MAX = 32;

/** Parsing one takes 0.2 ms, in which nothing else runs. */
const PARSED_AT_ONCE = 8;

/** Trusted certificates by subject; two may have the same. */
export type Anchors = ReadonlyMap<string, readonly X509Certificate[]>;

export const NO_ANCHORS: Anchors = new Map();

/** What was sent, in its order, the server's own first. */
export function sentWith(leaf: X509Certificate): readonly X509Certificate[] {
  const sent = [leaf];
  for (let next = leaf.issuerCertificate; next !== undefined && sent.length < SENT_MAX;) {
    sent.push(next);
    next = next.issuerCertificate;
  }
  return sent;
}

/**
 * From the server's own certificate up, each issued by the next, to the first that an anchor has issued. What comes
 * above it no client needs that has the anchor: servers send cross-signed certificates for old clients, and these
 * may end first. OpenSSL takes the same way (X509_V_FLAG_TRUSTED_FIRST, X509_VERIFY_PARAM_set_flags(3)).
 */
export function pathOf(sent: readonly X509Certificate[], anchors: Anchors): X509Certificate[] {
  const path: X509Certificate[] = [];
  let next = sent[0];
  while (next !== undefined) {
    const certificate: X509Certificate = next;
    path.push(certificate);
    if ((anchors.get(certificate.issuer) ?? []).some((anchor) => hasIssued(anchor, certificate))) {
      break;
    }
    next = sent.find((other) => !path.includes(other) && certificate.checkIssued(other));
  }
  return path;
}

/** An authority with a new key may keep its name. */
function hasIssued(anchor: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(anchor) && certificate.verify(anchor.publicKey);
}

/** @param texts One certificate in PEM each. */
export async function parseAnchors(texts: readonly string[]): Promise<Anchors> {
  const anchors = new Map<string, X509Certificate[]>();
  for (const [index, text] of texts.entries()) {
    if (index % PARSED_AT_ONCE === 0) await turn();
    const anchor = new X509Certificate(text);
    anchors.set(anchor.subject, [...(anchors.get(anchor.subject) ?? []), anchor]);
  }
  return anchors;
}

/** The one of `path`, which is not empty, that ends first. */
export function firstToEnd(path: readonly X509Certificate[]): X509Certificate | undefined {
  return path.toSorted((one, other) => endMs(one) - endMs(other))[0];
}

/** When `certificate` ends, milliseconds since 1970. */
export function endMs({ validTo }: X509Certificate): number {
  return Date.parse(validTo);
}

/** `a.example ends 2027-03-02`; what people call it is its common name, else its first other name. */
export function describeEnd(certificate: X509Certificate): string {
  const { subject, subjectAltName } = certificate;
  const name = /^CN=(.*)$/m.exec(subject)?.[1] ?? subjectAltName?.split(", ")[0] ?? "certificate";
  return `${name} ends ${new Date(endMs(certificate)).toISOString().slice(0, 10)}`;
}
