import { expect } from "chai";
import { ERRORS, SlipwayError, type ErrorFacts, type ErrorName } from "../../src/errors";

/** Expects exactly this error, with its code, and with facts that contain these texts. */
export async function expectError(
  action: () => unknown,
  name: ErrorName,
  facts: Partial<Record<keyof ErrorFacts, string | RegExp>>,
): Promise<SlipwayError> {
  let thrown: unknown;
  try {
    await action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, `expected ${name}, nothing was thrown`).to.not.equal(undefined);
  if (!(thrown instanceof SlipwayError)) throw thrown;
  expect(thrown.errorName, thrown.toString()).to.equal(name);
  expect(thrown.code).to.equal(ERRORS[name].code);
  for (const [fact, expected] of Object.entries(facts) as [keyof ErrorFacts, string | RegExp][]) {
    const found = String(thrown.facts[fact]);
    if (typeof expected === "string") expect(found, fact).to.contain(expected);
    else expect(found, fact).to.match(expected);
  }
  return thrown;
}
