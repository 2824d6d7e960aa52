import { expect } from "chai";
import { pointsOf, schemata } from "../../scripts/mutate/points";
import { coinbaseOf } from "../../scripts/mutate/switch";

const SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;
contract A {
    error Late();
    event Seen(uint256 at);
    uint256 constant ONE = 2 - 1;
    uint256 last;
    function see(uint256 at, bool isOpen) external {
        if (at <= last || !isOpen) revert Late();
        for (uint256 i; i < at; ++i) last = last + ONE;
        emit Seen(at);
    }
}
`;

interface Solc {
  compile(input: string): string;
}

describe("mutants", () => {
  let ast: unknown;
  before(() => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- solc is CommonJS and heavy
    const solc = require("solc") as Solc;
    const settings = { outputSelection: { "*": { "": ["ast"] } } };
    const input = { language: "Solidity", sources: { "A.sol": { content: SOURCE } }, settings };
    ast = (JSON.parse(solc.compile(JSON.stringify(input))) as { sources: Record<string, { ast: unknown }> }).sources[
      "A.sol"
    ]?.ast;
  });

  const points = () => pointsOf("A.sol", Buffer.from(SOURCE), ast);

  it("MUT-01 finds guards, comparisons, logic, negations, arithmetic, statements and events, and no constant", () => {
    expect(points().map(({ kind, text, line }) => `${line} ${kind} ${text}`)).to.have.members([
      "9 guard at <= last || !isOpen",
      "9 logic at <= last || !isOpen",
      "9 comparison at <= last",
      "9 negation !isOpen",
      "10 comparison i < at",
      "10 statement last = last + ONE;",
      "10 arithmetic last + ONE",
      "11 event emit Seen(at);",
    ]);
  });

  it("MUT-02 puts each behind its own switch, one inside another", () => {
    const found = points();
    const text = schemata(Buffer.from(SOURCE), found, (point) => `m(${found.indexOf(point)})`);
    const line = (number: number) => text.split("\n")[number - 1]?.trim();
    const of = (kind: string, lineNumber = 0) =>
      `m(${found.findIndex((point) => point.kind === kind && (lineNumber === 0 || point.line === lineNumber))})`;
    const [a, b] = [
      `(${of("comparison", 9)} ? (at < last) : (at <= last))`,
      `(${of("negation")} ? (isOpen) : !(isOpen))`,
    ];
    expect(line(9)).to.equal(
      `if ((${of("guard")} ? false : ((${of("logic")} ? (${a} && ${b}) : (${a} || ${b}))))) revert Late();`,
    );
    expect(line(10)).to.equal(
      `for (uint256 i; (${of("comparison", 10)} ? (i <= at) : (i < at)); ++i) ` +
        `{ if (!${of("statement")}) { last = (${of("arithmetic")} ? (last - ONE) : (last + ONE)); } }`,
    );
    expect(line(11)).to.equal(`{ if (!${of("event")}) { emit Seen(at); } }`);
  });

  it("MUT-03 gives each mutant a coinbase of its own", () => {
    expect(new Set([0, 1, 2, 1_000_000].map(coinbaseOf)).size).to.equal(4);
    expect(coinbaseOf(1)).to.match(/^0x[0-9a-f]{40}$/);
  });
});
