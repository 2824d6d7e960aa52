import { expect } from "chai";
import { getBytes, hexlify, id, Interface } from "ethers";
import hre from "hardhat";
import { differingBlocks, doesSame, listingOf } from "../../src/bytecode/compareCode";
import { splitMetadata } from "../../src/bytecode/metadata";
import { Op, opName } from "../../src/bytecode/opcodes";
import { Program } from "../../src/bytecode/program";
import { sizesOf } from "../../src/diff/diffCode";

const codeOf = async (name: string) => splitMetadata((await hre.artifacts.readArtifact(name)).deployedBytecode).code;
const abiOf = async (name: string) => new Interface((await hre.artifacts.readArtifact(name)).abi);
const selector = (signature: string) => id(signature).slice(0, 10);

/** Functions of both programs that do not do the same, and whether what runs outside of them does. */
function compare(before: Program, after: Program) {
  const entries = new Map(after.dispatch().map((one) => [one.selector, one.entry]));
  const changed = before
    .dispatch()
    .filter((one) => !doesSame(before, after, { before: one.entry, after: entries.get(one.selector) ?? -1 }))
    .map((one) => one.selector);
  return { changed, isOutsideSame: doesSame(before, after, { before: 0, after: 0, isPastDispatch: true }) };
}

describe("bytecode", () => {
  it("TOO-01 parts code from the compiler's metadata, and leaves alone code that has none", async () => {
    const { deployedBytecode } = await hre.artifacts.readArtifact("VaultV1");
    const { code, metadata } = splitMetadata(deployedBytecode);
    expect(metadata?.solc).to.equal("0.8.36");
    expect(metadata?.ipfs).to.match(/^0x1220[0-9a-f]{64}$/);
    expect(deployedBytecode.startsWith(code)).to.equal(true);
    expect(deployedBytecode.length - code.length).to.equal(2 * 53);
    // The last two bytes of any code may look like a length.
    for (const bare of [code, "0x", "0x00", "0x6000600055", "0xa1000002", `0x${"5b".repeat(40)}0020`]) {
      expect(splitMetadata(bare)).to.deep.equal({ code: bare });
    }
  });

  it("TOO-02 finds the functions of a dispatch table, and none of contracts that are held as data", async () => {
    // The factory holds the creation code of another contract.
    for (const name of [
      "VaultV1",
      "VaultV2",
      "StageFacet",
      "ProposalViewFacet",
      "GatewayFacetV2",
      "Factory__MockForPlan",
    ]) {
      const declared: string[] = [];
      (await abiOf(name)).forEachFunction((fragment) => declared.push(fragment.selector));
      const found = new Program(await codeOf(name)).dispatch().map((one) => one.selector);
      expect(found, name).to.deep.equal(declared.sort());
    }
  });

  it("TOO-03 names the functions whose code changed, wherever the compiler put it", async () => {
    const [before, after] = [new Program(await codeOf("VaultV1")), new Program(await codeOf("VaultV2"))];
    const { changed, isOutsideSame } = compare(before, after);
    const expected = [
      "version()",
      "maxWithdraw(address)",
      "maxRedeem(address)",
      "withdraw(uint256,address,address)",
      "redeem(uint256,address,address)",
    ];
    expect(changed).to.have.members(expected.map(selector));
    expect(isOutsideSame).to.equal(true);
    const version = selector("version()");
    const listings = [before, after].map((program) =>
      listingOf(
        program,
        program.dispatch().find((one) => one.selector === version)!,
      ),
    );
    const { removed, added } = differingBlocks(listings[0]!.blocks, listings[1]!.blocks);
    expect([removed.length, added.length]).to.deep.equal([1, 1]);
    expect(removed[0]!.replace("PUSH1 0x01", "PUSH1 0x02")).to.equal(added[0]);
  });

  it("TOO-04 misses no changed instruction: each of 120 that were swapped shows in a function or outside of them", async () => {
    const code = getBytes(await codeOf("VaultV1"));
    const before = new Program(hexlify(code));
    const swaps: Record<string, string> = {
      ADD: "SUB",
      LT: "GT",
      SLOAD: "TLOAD",
      CALLER: "ORIGIN",
      EQ: "LT",
      DUP2: "DUP3",
    };
    const byName = new Map(Array.from({ length: 256 }, (_, op) => [opName(op), op]));
    const places = [...before.reach(0)].filter(([, { op }]) => swaps[opName(op)] !== undefined).map(([pc]) => pc);
    expect(places.length).to.be.greaterThan(240);
    for (let i = 0; i < 120; ++i) {
      const pc = places[Math.floor((i * places.length) / 120)]!;
      const swapped = Uint8Array.from(code);
      swapped[pc] = byName.get(swaps[opName(code[pc]!)]!)!;
      const after = new Program(hexlify(swapped));
      const gone = before.dispatch().length - after.dispatch().length;
      const { changed, isOutsideSame } = compare(before, after);
      expect(changed.length > 0 || !isOutsideSame || gone > 0, `${opName(code[pc]!)} at ${pc}`).to.equal(true);
    }
  });

  it("TOO-05 takes a constant behind the code for what it says, not for where it lies", async () => {
    // PUSH1 length, PUSH1 place, PUSH0 CODECOPY STOP INVALID, then data; a NOP more moves the data.
    const data = "11".repeat(32);
    const make = (pad: string, content: string) => {
      const head = `6020${"60"}PP5f39${pad}00fe`;
      const place = (head.length / 2).toString(16).padStart(2, "0");
      return new Program(`0x${head.replace("PP", place)}${content}`);
    };
    const same = (a: Program, b: Program) => doesSame(a, b, { before: 0, after: 0 });
    expect(same(make("", data), make("5b", data))).to.equal(true);
    expect(same(make("", data), make("5b", "22".repeat(32)))).to.equal(false);
    expect(make("", data).data()).to.equal(`0x${data}`);
    expect(Op.Jumpdest).to.equal(0x5b);
  });

  it("TOO-06 warns of code from 95% of EIP-170 and EIP-3860 on, and fails what is over", () => {
    const verdicts = (runtime: number, creation: number) =>
      sizesOf({ code: `0x${"00".repeat(runtime)}`, creation: `0x${"00".repeat(creation)}` }).map(
        ({ verdict }) => verdict,
      );
    expect(verdicts(23_347, 46_694)).to.deep.equal(["pass", "pass"]);
    expect(verdicts(23_348, 46_695)).to.deep.equal(["warn", "warn"]);
    expect(verdicts(24_576, 49_152)).to.deep.equal(["warn", "warn"]);
    expect(verdicts(24_577, 49_153)).to.deep.equal(["fail", "fail"]);
  });
});
