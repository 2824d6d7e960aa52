import { join } from "node:path";
import { expect } from "chai";
import { AbiCoder, getAddress, JsonRpcProvider, keccak256, toBeHex } from "ethers";
import hre from "hardhat";
import { startAnvil } from "../../src/chain/anvil";
import type { LocalNode } from "../../src/chain/localNode";
import type { StateVerification } from "../../src/state/verifySnapshot";
import { remoteEnvironment, runJson, runTask, temporaryDeployments } from "../helpers/tasks";

const TOKEN = getAddress("0x00000000000000000000000000000000000c0ffe");

describe("state snapshot --root, on a node that proves storage", () => {
  let node: LocalNode;
  let provider: JsonRpcProvider;
  let books: ReturnType<typeof temporaryDeployments>;

  before(async function () {
    this.timeout(300_000);
    node = await startAnvil({ root: __dirname });
    provider = new JsonRpcProvider(node.url, undefined, { cacheTimeout: -1 });
    books = temporaryDeployments();
  });
  after(async () => {
    books.remove();
    provider.destroy();
    await node.stop();
  });

  it("TOO-25 sees what no list of slots holds: one entry of a mapping", async function () {
    this.timeout(300_000);
    const { deployedBytecode } = await hre.artifacts.readArtifact("HookToken__MockForRouter");
    await provider.send("anvil_setCode", [TOKEN, deployedBytecode]);
    const entry = keccak256(AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [TOKEN, 0]));
    const set = async (value: number) => {
      await provider.send("anvil_setStorageAt", [TOKEN, entry, toBeHex(value, 32)]);
      await provider.send("evm_mine", []);
    };
    await set(5);
    const remote = await remoteEnvironment(node.url);
    const [plain, whole] = ["plain", "whole"].map((name) => join(books.folder, `${name}.json`));
    for (const [file, root] of [
      [plain!, false],
      [whole!, true],
    ] as const) {
      const run = await runTask("state snapshot", { file, accounts: TOKEN, root }, remote);
      expect(run.exitCode, run.stderr).to.equal(0);
    }
    await set(6);
    const verify = (file: string) => runJson<StateVerification>("state verify", { file }, remote);
    expect((await verify(plain!)).json.differences).to.deep.equal([]);
    const seen = await verify(whole!);
    expect(seen.exitCode).to.equal(3);
    expect(seen.json.differences.map(({ what }) => what)).to.deep.equal(["storage root"]);
    await set(5);
    expect((await verify(whole!)).json.differences).to.deep.equal([]);
  });
});
