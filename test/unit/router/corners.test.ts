import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers, network } from "hardhat";
import { act, conditionOf, deployCanary, deployRouter, Op, ran, step } from "../../helpers/canary";

const MAX = 12;

async function canaryFixture() {
  return deployCanary();
}

describe("TrafficRouter > corners", () => {
  it("RTR-60 answers static calls in the very block that set the share", async () => {
    const { app, control, controller, puppet, proxy, user } = await loadFixture(canaryFixture);
    const { epoch } = await control.status();
    const gas = { gasLimit: 2_000_000n };
    const view = app.interface.encodeFunctionData("sender");
    await network.provider.send("evm_setAutomine", [false]);
    const sent = [];
    try {
      const data = control.shareData(Number(epoch), 5_000);
      sent.push(await controller.sendTransaction({ to: proxy, data, gasPrice: 2n * 10n ** 10n, ...gas }));
      sent.push(
        await puppet.connect(user).run([step(proxy, view, { isStatic: true })], { gasPrice: 10n ** 10n, ...gas }),
      );
      await network.provider.send("evm_mine");
    } finally {
      await network.provider.send("evm_setAutomine", [true]);
    }
    const receipts = await Promise.all(sent.map(({ hash }) => ethers.provider.getTransactionReceipt(hash)));
    expect(receipts.map((receipt) => receipt!.status)).to.deep.equal([1, 1]);
    expect(receipts[1]!.blockNumber).to.equal(receipts[0]!.blockNumber);
  });

  it("RTR-61 a candidate that fails with gas to spare is undone and served by stable, though it had less than it may have", async () => {
    const canary = await deployCanary({ candidateGas: 20_000_000 });
    const data = await act(canary, "REVERT", [], ["0x12345678"]);
    await canary.user.sendTransaction({ to: canary.proxy, data, gasLimit: 3_000_000n });
    expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 0n });
  });

  it("RTR-62 counts calls of a candidate with invariants, and finds no fault in its own count", async () => {
    const protocol = await loadFixture(canaryFixture);
    const total = protocol.app.interface.encodeFunctionData("total");
    const canary = await deployCanary({
      isCounted: true,
      invariants: [conditionOf(await protocol.stable.getAddress(), total, Op.gte, 0)],
    });
    for (let i = 0; i < 3; ++i) await canary.app.connect(canary.user).ping();
    const { candidateCalls, stableCalls, breaks } = await canary.control.status();
    expect([candidateCalls, stableCalls, breaks]).to.deep.equal([3n, 0n, 0n]);
  });

  it("RTR-63 refuses a policy with more invariants than a frame has gas for", async () => {
    const canary = await loadFixture(canaryFixture);
    const total = canary.app.interface.encodeFunctionData("total");
    const one = conditionOf(canary.proxy, total, Op.gte, 0);
    await deployRouter(canary, { invariants: Array.from({ length: MAX }, () => one) });
    await expect(deployRouter(canary, { invariants: Array.from({ length: MAX + 1 }, () => one) }))
      .to.be.revertedWithCustomError(canary.router, "TooMany")
      .withArgs(MAX + 1, MAX);
  });
});
