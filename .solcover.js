/*
 * Coverage instruments the sources, which grows contracts past the size that a chain takes and changes what everything
 * costs: tests that are about gas or size carry "[gas]" in their title and are left out, and so are the tests that talk to a
 * node of their own, which would not see the instrumented code.
 */
module.exports = {
  skipFiles: ["mocks", "examples", "rehearsal"],
  configureYulOptimizer: true,
  mocha: { grep: "\\[gas\\]", invert: true },
};
