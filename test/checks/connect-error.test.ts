import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { resultOfError, rootOf } from "../../checks/connect-error.ts";

function errorWith(code: string, syscall?: string): Error {
  const error = new Error(`${syscall ?? "?"} ${code}`);
  return Object.assign(error, { code }, syscall !== undefined && { syscall });
}

describe("resultOfError", () => {
  const cases: readonly [code: string, syscall: string | undefined, is: string | undefined][] = [
    ["ECONNREFUSED", "connect", "fail refused"],
    ["ENOENT", "connect", "fail refused"],
    ["EAGAIN", "connect", "fail timeout"],
    ["ECONNRESET", "read", "fail reset"],
    ["ECONNRESET", "connect", "fail reset"],
    ["EPIPE", "write", "fail reset"],
    ["ECONNRESET", undefined, "fail closed"],
    ["HPE_INVALID_EOF_STATE", undefined, "fail closed"],
    ["EHOSTUNREACH", "connect", "fail unreachable"],
    ["ENETUNREACH", "connect", "fail unreachable"],
    ["EACCES", "connect", "fail unreachable"],
    ["EINVAL", "connect", "fail unreachable"],
    ["EINVAL", "bind", undefined],
    ["ETIMEDOUT", "connect", "fail timeout"],
    ["EMFILE", "connect", "inconclusive no-descriptors"],
    ["ENFILE", "connect", "inconclusive no-descriptors"],
    ["EADDRNOTAVAIL", "connect", "inconclusive no-ports"],
    ["EADDRINUSE", "connect", "inconclusive no-ports"],
    ["CERT_HAS_EXPIRED", undefined, "fail bad-certificate"],
    ["CERT_NOT_YET_VALID", undefined, "fail bad-certificate"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", undefined, "fail bad-certificate"],
    ["SELF_SIGNED_CERT_IN_CHAIN", undefined, "fail bad-certificate"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", undefined, "fail bad-certificate"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", undefined, "fail bad-certificate"],
    ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", undefined, "fail tls-failed"],
    ["EPROTO", "write", "fail tls-failed"],
    ["HPE_INVALID_CONSTANT", undefined, "fail bad-response"],
    ["constructor", undefined, undefined],
    ["ERR_INVALID_ARG_TYPE", undefined, undefined],
    ["EBADF", "connect", undefined],
  ];
  for (const [code, syscall, is] of cases) {
    test(`${code} of ${syscall ?? "Node.js"}: ${is ?? "no word"}`, () => {
      const result = resultOfError(errorWith(code, syscall));
      assert.equal(result && `${result.outcome} ${result.reason}`, is);
    });
  }

  test("what is no error has no word", () => {
    for (const nothing of [undefined, null, "ECONNREFUSED", { code: "ECONNREFUSED" }]) {
      assert.equal(resultOfError(nothing), undefined);
    }
  });

  test("the cause decides, not what wraps it", () => {
    const cause = errorWith("ECONNREFUSED", "connect");
    const wrapper = new Error("wrapped", { cause: new Error("twice", { cause }) });
    assert.equal(rootOf(wrapper), cause);
    assert.equal(resultOfError(wrapper)?.reason, "refused");
  });

  test("the number of the thread is not in the detail", () => {
    const message =
      "write EPROTO 808C84BCD07F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/x.c:350:\n";
    const error = Object.assign(new Error(message), { code: "EPROTO", syscall: "write" });
    assert.equal(resultOfError(error)?.detail, "TLS: wrong version number");
  });

  const several: readonly [codes: string[], is: string | undefined][] = [
    [["ECONNREFUSED", "ENETUNREACH"], "unreachable"],
    [["EADDRNOTAVAIL", "ECONNREFUSED"], "refused"],
    [["ECONNREFUSED", "EADDRNOTAVAIL"], "refused"],
    [["ETIMEDOUT", "ECONNREFUSED"], "timeout"],
    [["ECONNREFUSED", "ETIMEDOUT"], "timeout"],
    [["EMFILE", "EMFILE"], "no-descriptors"],
    [["EBADF", "ECONNREFUSED"], "refused"],
    [["EBADF"], undefined],
  ];
  for (const [codes, is] of several) {
    test(`several addresses, ${codes.join(", ")}: ${is ?? "no word"}`, () => {
      const errors = codes.map((code) => errorWith(code, "connect"));
      const wrapped = new Error("wrapped", { cause: new AggregateError(errors) });
      assert.equal(resultOfError(wrapped)?.reason, is);
    });
  }
});
