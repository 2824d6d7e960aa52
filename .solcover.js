/*
 * Coverage instruments the sources, which grows contracts past the size that a chain takes and changes what everything costs:
 * tests that are about gas or size carry "[gas]" in their title and are left out. Tests that talk to a node of their own (test/fork)
 * are not run: the collector would not see it.
 */
module.exports = {
  skipFiles: ["mocks", "examples", "rehearsal"],
  configureYulOptimizer: true,
  mocha: { grep: "\\[gas\\]", invert: true },
};
