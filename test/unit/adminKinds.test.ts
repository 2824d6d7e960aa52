import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, Interface } from "ethers";
import { ethers } from "hardhat";
import { isProductionChain, judgeAdmins, moduleAdmins, registryAdmins, type Admin } from "../../src/impact/adminKinds";
import { ModuleKind } from "../../src/plan/types";
import { counterFixture, type CounterFixture } from "../fixtures/counterModule";
import { asTimelock } from "../helpers/asTimelock";
import { deploySafe } from "../helpers/safe";

describe("adminKinds", () => {
  const OWNER = new Interface(["function transferOwnership(address owner)"]);
  const admins = ({ client, connected }: CounterFixture) => moduleAdmins(client, connected);
  const kinds = (list: readonly Admin[]) => list.map(({ of, as, kind }) => [of, as, kind]);
  const production = { isProduction: true };

  /** The counter, owned by somebody else than the timelock. */
  async function ownedBy(fixture: CounterFixture, owner: string): Promise<Admin[]> {
    const { deployment, proxy } = fixture;
    await asTimelock(fixture);
    const timelock = await ethers.getSigner(deployment.timelock);
    await timelock.sendTransaction({ to: proxy, data: OWNER.encodeFunctionData("transferOwnership", [owner]) });
    return admins(fixture);
  }

  it("TOO-70 finds the timelock behind a module that only plans may change, and nothing wrong with it", async () => {
    const found = await admins(await loadFixture(counterFixture));
    expect(kinds(found)).to.deep.equal([["module counter", "authority", "timelock"]]);
    expect(judgeAdmins(found, production)).to.deep.equal([]);
  });

  it("TOO-71 fails one key that owns a module on a production network, and warns of it elsewhere", async () => {
    const fixture = await loadFixture(counterFixture);
    const { stranger } = fixture;
    const found = await ownedBy(fixture, stranger.address);
    expect(found.find(({ as }) => as === "owner")).to.deep.equal({
      of: "module counter",
      as: "owner",
      account: stranger.address,
      kind: "key",
    });
    expect(judgeAdmins(found, production).map(({ status, why }) => [status, why])).to.deep.equal([
      ["fail", "one key alone may change module counter"],
    ]);
    expect(judgeAdmins(found, { isProduction: false }).map(({ status }) => status)).to.deep.equal(["warn"]);
    // A delegation (EIP-7702) does not make a multisig of a key.
    await ethers.provider.send("hardhat_setCode", [stranger.address, `0xef0100${fixture.stable.slice(2)}`]);
    expect(kinds(await admins(fixture))).to.deep.include(["module counter", "owner", "delegated key"]);
    expect([1n, 42161n, 31337n, 11155111n].map(isProductionChain)).to.deep.equal([true, true, false, false]);
  });

  it("TOO-72 tells a Safe with its threshold; a threshold of one is one key", async () => {
    const fixture = await loadFixture(counterFixture);
    const [two, one] = [
      await deploySafe(fixture.council.slice(0, 3), 2),
      await deploySafe(fixture.council.slice(0, 2), 1),
    ];
    const found = await ownedBy(fixture, two);
    expect(found.at(-1)).to.deep.include({ account: two, kind: "multisig", threshold: 2, owners: 3 });
    expect(judgeAdmins(found, production).map(({ status, why }) => [status, why])).to.deep.equal([
      ["warn", "2 of 3 signers may change module counter, without a vote"],
    ]);
    const single = judgeAdmins([{ ...found.at(-1)!, account: one, threshold: 1, owners: 2 }], production);
    expect(single[0]!.status).to.equal("fail");
  });

  it("TOO-73 follows owners to the end: the key behind a ProxyAdmin is found", async () => {
    const fixture = await loadFixture(counterFixture);
    const { registry, release, stranger, stable, deployment } = fixture;
    const data = new Interface(["function initialize(address)"]).encodeFunctionData("initialize", [
      deployment.timelock,
    ]);
    const proxy = await ethers.deployContract("TransparentUpgradeableProxy", [stable, stranger.address, data]);
    const account = await proxy.getAddress();
    const slot = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";
    const admin = ethers.getAddress(ethers.dataSlice(await ethers.provider.getStorage(account, slot), 12));
    await registry.connect(release).registerModule(encodeBytes32String("till"), ModuleKind.Transparent, account, admin);
    const found = (await admins(fixture)).filter(({ of }) => of === "module till");
    expect(found).to.deep.include({
      of: "module till",
      as: "owner of the authority",
      account: stranger.address,
      kind: "key",
    });
    expect(judgeAdmins(found, production)[0]).to.include({ status: "fail", account: stranger.address });
  });

  it("TOO-74 lists who holds the registry's roles and the council's seats, without judging people", async () => {
    const { client, connected, council, release } = await loadFixture(counterFixture);
    const found = await registryAdmins(client, connected);
    expect(found).to.deep.include({ of: "council", as: "member", account: council[0]!.address, kind: "key" });
    expect(found.some(({ of, account }) => /release/i.test(of) && account === release.address)).to.equal(true);
    expect(judgeAdmins(found, production)).to.deep.equal([]);
  });
});
