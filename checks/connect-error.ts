/** What an error of a socket, of TLS or of the HTTP parser means for a check: one table for all probes. */
import {
  fail,
  inconclusive,
  type AmbiguousFailure,
  type DefiniteFailure,
  type Inconclusive,
  type Result,
} from "./probe.ts";

type Word = DefiniteFailure | AmbiguousFailure | Inconclusive;

/** Names of errno(3) and of Node.js. */
const WORD_OF_CODE: Readonly<Record<string, Word>> = {
  ECONNREFUSED: "refused",
  // A Unix socket that is not there.
  ENOENT: "refused",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
  EHOSTUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ENETUNREACH: "unreachable",
  ENETDOWN: "unreachable",
  ENONET: "unreachable",
  // Linux says so when a firewall or a `prohibit` route forbids the packet.
  EACCES: "unreachable",
  EPERM: "unreachable",
  EAFNOSUPPORT: "unreachable",
  ETIMEDOUT: "timeout",
  // The queue of a Unix socket is full, because its service accepts nothing (connect(2)).
  EAGAIN: "timeout",
  ERR_SOCKET_CONNECTION_TIMEOUT: "timeout",
  EMFILE: "no-descriptors",
  ENFILE: "no-descriptors",
  ENOBUFS: "no-descriptors",
  ENOMEM: "no-descriptors",
  EADDRNOTAVAIL: "no-ports",
  EADDRINUSE: "no-ports",
  ERR_STREAM_PREMATURE_CLOSE: "closed",
  HPE_INVALID_EOF_STATE: "closed",
  ERR_TLS_CERT_ALTNAME_INVALID: "bad-certificate",
  ERR_TLS_CERT_ALTNAME_FORMAT: "bad-certificate",
  EPROTO: "tls-failed",
};

/** X509_V_ERR_* as Node.js spells them; they have no common prefix (X509_verify_cert_error_string(3)). */
const CERTIFICATE_CODE =
  /^(?:CERT_|CRL_|ERROR_IN_C|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_|HOSTNAME_MISMATCH)/;

/** Of those, what the wall clock decides. */
const DATE_CODES: ReadonlySet<string> = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CRL_HAS_EXPIRED",
  "CRL_NOT_YET_VALID",
]);

const INCONCLUSIVE: ReadonlySet<string> = new Set<Inconclusive>(["no-descriptors", "no-ports"]);

/**
 * @returns Undefined for an error without a word. The probe then rejects with it: that is `internal` and
 * inconclusive, because an error that nobody foresaw would otherwise take every PoP out at once.
 */
export function resultOfError(error: unknown): Result | undefined {
  const root = rootOf(error);
  // Several addresses were tried. One that could be judged outweighs one that could not: without IPv6,
  // `::1` is EADDRNOTAVAIL for ever, and must not hide that 127.0.0.1 refuses. One that was silent
  // outweighs one that refused: the service may hang there, or this process missed its answer.
  if (root instanceof AggregateError) {
    const results = root.errors.map(resultOfError).filter((result) => result !== undefined);
    return (
      results.find(({ reason }) => reason === "timeout") ??
      results.findLast(({ outcome }) => outcome === "fail") ??
      results.at(-1)
    );
  }
  if (!(root instanceof Error)) return undefined;
  const word = wordOf(root);
  if (word === undefined) return undefined;
  const detail = detailOf(root);
  return isInconclusive(word) ? inconclusive(word, detail) : fail(word, detail);
}

/** Whether a certificate was refused for its dates alone: with another wall clock it would have been taken. */
export function isDateError(error: unknown): boolean {
  const root = rootOf(error);
  return root instanceof Error && "code" in root && DATE_CODES.has(String(root.code));
}

/** Got wraps what happened, and its wrapper carries the request's headers: neither log nor judge it. */
export function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root;
}

function wordOf(error: Error): Word | undefined {
  const code = "code" in error ? String(error.code) : "";
  // Without a system call behind it, Node.js means an end of the stream where more was due.
  if (code === "ECONNRESET" && !("syscall" in error)) return "closed";
  // The interface of a zone (`fe80::1%eth1`) is gone; of another call it would be a bug of ours.
  if (code === "EINVAL" && "syscall" in error && error.syscall === "connect") return "unreachable";
  if (Object.hasOwn(WORD_OF_CODE, code)) return WORD_OF_CODE[code];
  if (CERTIFICATE_CODE.test(code)) return "bad-certificate";
  if (/^ERR_(?:SSL|TLS)_/.test(code)) return "tls-failed";
  if (code.startsWith("HPE_")) return "bad-response";
  return undefined;
}

function detailOf(error: Error): string {
  // OpenSSL puts the thread's number and its source line around the reason.
  const reason = /SSL routines:[^:]*:(?<text>[^:]+)/.exec(error.message)?.groups?.["text"];
  if (reason !== undefined) return `TLS: ${reason}`;
  // Node.js adds the local end, which is undefined when there was no socket.
  return error.message.replace(/ - Local \(.*\)$/, "");
}

function isInconclusive(word: Word): word is Inconclusive {
  return INCONCLUSIVE.has(word);
}
