/** A reporter that names the tests that failed, once more and last: among thousands nobody finds them. */
export default async function* failedTests(events) {
  const failed = [];
  for await (const { type, data } of events) {
    // A suite fails because a test in it has.
    if (type === "test:fail" && data.details?.error?.failureType !== "subtestsFailed") {
      failed.push(`failed: ${data.file ?? "?"}:${data.line ?? "?"}: ${data.name}\n`);
    }
  }
  yield* failed;
}
