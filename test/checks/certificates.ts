/** Certificates made by openssl, with the dates, names and authorities that a test wants. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificate {
  readonly keyFile: string;
  readonly certFile: string;
  readonly key: string;
  readonly cert: string;
}

interface Wanted {
  /** The common name; of a server also its other name. */
  readonly name: string;
  /** From now, or from `madeDaysAgo`. */
  readonly days: number;
  /** Default: an authority that signs itself, or is signed by `issuer`. */
  readonly isServer?: boolean;
  readonly issuer?: Certificate;
  /** Uses the key of another: an authority that somebody else has signed too. */
  readonly keyOf?: Certificate;
  readonly madeDaysAgo?: number;
}

let made = 0;

export function makeCertificate(folder: string, wanted: Wanted): Certificate {
  const { name, days, isServer = false, issuer, keyOf, madeDaysAgo } = wanted;
  made += 1;
  const keyFile = keyOf?.keyFile ?? join(folder, `${made}.key`);
  const certFile = join(folder, `${made}.pem`);
  const kind = `basicConstraints=critical,CA:${isServer ? "FALSE" : "TRUE"}`;
  const openssl = [
    `openssl req -x509 -days ${days} -addext ${kind} -out ${certFile}`.split(" "),
    ["-subj", `/CN=${name}`],
    isServer ? ["-addext", `subjectAltName=DNS:${name}`] : [],
    issuer === undefined ? [] : ["-CA", issuer.certFile, "-CAkey", issuer.keyFile],
    keyOf === undefined
      ? `-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ${keyFile}`.split(" ")
      : ["-key", keyFile],
  ].flat();
  const inTime = madeDaysAgo === undefined ? [] : ["faketime", "-f", `-${madeDaysAgo}d`];
  const [program = "", ...rest] = [...inTime, ...openssl];
  execFileSync(program, rest, { stdio: "pipe" });
  const [key, cert] = [readFileSync(keyFile, "utf8"), readFileSync(certFile, "utf8")];
  return { keyFile, certFile, key, cert };
}
