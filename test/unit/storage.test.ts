import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { AbiCoder, keccak256, toBeHex, toUtf8Bytes } from "ethers";

const ROOT = join(__dirname, "..", "..", "contracts");

interface Slot {
  file: string;
  namespace: string;
  mask: bigint;
  value: string;
}

const PATTERN =
  /\/\/ keccak256\(abi\.encode\(uint256\(keccak256\("([^"]+)"\)\) - 1\)\) & ~bytes32\(uint256\((0x[0-9a-f]+)\)\)\s+bytes32 (?:internal|private) constant \w+ =\s+(0x[0-9a-f]{64});/g;

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? sources(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

const slots: Slot[] = sources(ROOT).flatMap((file) =>
  [...readFileSync(file, "utf8").matchAll(PATTERN)].map(([, namespace = "", mask = "", value = ""]) => ({
    file: file.slice(ROOT.length + 1),
    namespace,
    mask: BigInt(mask),
    value,
  })),
);

describe("storage", () => {
  it("DIA-17 has a namespaced slot in every file that assigns one", () => {
    const assigning = sources(ROOT)
      .filter((file) => readFileSync(file, "utf8").includes(".slot := "))
      .map((file) => file.slice(ROOT.length + 1));
    expect(assigning.filter((file) => !slots.some((slot) => slot.file === file))).to.deep.equal([]);
    expect(slots.map(({ namespace }) => namespace)).to.include.members([
      "slipway.diamond",
      "slipway.diamond.routes",
      "slipway.registry.artifacts",
      "slipway.registry.config",
      "slipway.registry.electorates",
      "slipway.registry.emergency",
      "slipway.registry.invariants",
      "slipway.registry.modules",
      "slipway.registry.proposals",
    ]);
  });

  for (const { file, namespace, mask, value } of slots) {
    it(`DIA-17 ${file}: the slot of ${namespace} is what ERC-7201's formula gives`, () => {
      const inner = BigInt(keccak256(toUtf8Bytes(namespace))) - 1n;
      const outer = BigInt(keccak256(AbiCoder.defaultAbiCoder().encode(["uint256"], [inner])));
      expect(value).to.equal(toBeHex(outer & ~mask, 32));
    });
  }

  it("DIA-17 uses no namespace twice", () => {
    const names = slots.map(({ namespace }) => namespace);
    expect(new Set(names).size).to.equal(names.length);
  });
});
