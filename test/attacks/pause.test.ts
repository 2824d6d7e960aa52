import { loadFixture, setCode, setStorageAt } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { AbiCoder, encodeBytes32String, id, keccak256, toBeHex, ZeroHash } from "ethers";
import { registryFixture } from "../fixtures/registry";

/** EIP-7825: what one transaction may use. */
const TRANSACTION_GAS = 16_777_216n;
const MODULES_SLOT = 0x1c56778d0e46a66cd69606147fd28fbac4e014113682e5cf9da53efe7ac1db00n;
const MODULES = 512;

/** Loops until its gas is gone, whatever it is asked. */
const BURNING = "0x5b600056";

/** As many modules as a registry takes, each held by a plan in progress, as registrations and first stages leave them. */
async function manyModules() {
  const fixture = await registryFixture();
  const store = (slot: bigint, word: bigint) =>
    setStorageAt(fixture.deployment.registry, toBeHex(slot, 32), toBeHex(word, 32));
  const entry = (key: string, slot: bigint) =>
    BigInt(keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [key, slot])));
  const account = toBeHex(BigInt(id("a module")) >> 96n, 20);
  await setCode(account, BURNING);
  const list = BigInt(keccak256(toBeHex(MODULES_SLOT + 1n, 32)));
  await store(MODULES_SLOT + 1n, BigInt(MODULES));
  for (let index = 0; index < MODULES; ++index) {
    const name = encodeBytes32String(`module ${index}`);
    await store(list + BigInt(index), BigInt(name));
    // Number, time, kind, account; then who upgrades it; then who holds it.
    await store(entry(name, MODULES_SLOT), (BigInt(account) << 64n) | (BigInt(index) + 1n));
    await store(entry(name, MODULES_SLOT) + 2n, BigInt(id("a plan")));
  }
  return fixture;
}

describe("attacks on the halt", () => {
  // A pause that walked over 136 selectors ran out of gas when it was needed.
  it("ATK-88 pause_runs_out_of_gas: everything is halted in one transaction, whatever 512 modules do with what they are given [gas]", async () => {
    const { registry, council } = await loadFixture(manyModules);
    const last = encodeBytes32String(`module ${MODULES - 1}`);
    const { lockedBy, account } = await registry.moduleOf(last);
    expect([lockedBy, BigInt(account)]).to.deep.equal([id("a plan"), BigInt(id("a module")) >> 96n]);
    await registry.connect(council[0]).halt(ZeroHash, "look", 0, []);
    const sent = registry.connect(council[1]).halt(ZeroHash, "look", 0, [], { gasLimit: TRANSACTION_GAS });
    // What was not asked for lack of gas is reported, the last module among it.
    await expect(sent).to.emit(registry, "CanaryFreezeFailed").withArgs(last);
    expect((await registry.haltOf(ZeroHash)).until).to.be.greaterThan(0n);
  });
});
