import { expect } from "chai";
import { SlipwayError, type ErrorFacts, type ErrorName } from "../../src/errors";

/** Runs what must fail with this error, and gives its facts for further questions. */
export async function expectSlipwayError(work: Promise<unknown>, name: ErrorName): Promise<ErrorFacts> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown === undefined) expect.fail(`expected ${name}, and nothing was thrown`);
  if (!(thrown instanceof SlipwayError)) throw thrown;
  expect(thrown.errorName, thrown.toString()).to.equal(name);
  return thrown.facts;
}
