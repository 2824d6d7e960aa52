import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import hre from "hardhat";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const POOL = 100n * 10n ** 18n;
const OWN = 10n * 10n ** 18n;
const LEFT = 99_099_099_099_099_099_100n;
/** Where code names its compiler: 0.8.36, and one before. */
const SOLC = "64736f6c634300";

/*
 * Curve, July 2023: the source was right. Three versions of Vyper gave every guarded function a lock of its own, so that each kept out itself alone.
 */
describe("incident: the same source from another compiler", () => {
  const exhibit = incidents();
  const folder = mkdtempSync(join(tmpdir(), "slipway-curve-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function protocol() {
    const { world } = exhibit;
    const pool = await world.proxied("LockedPool");
    const address = await pool.getAddress();
    const user = pool.connect(world.signer(world.user(1))) as typeof pool;
    await (await user.getFunction("add")({ value: POOL })).wait();
    const thief = await world.deploy("Reentrant", [address], { value: OWN });
    return { world, pool, address, thief };
  }

  it("INC-51 as it happened, who adds while he is paid out gets out more than he had", async () => {
    const { world, pool, address, thief } = await protocol();
    await expect(world.send(thief, world.thief, "attack")).to.be.rejectedWith("revert");
    await world.upgrade(pool, "LockedPoolTwice");
    await world.send(thief, world.thief, "attack");
    expect(await world.ether(address)).to.equal(LEFT);
  });

  it("INC-52 another compiler is told as a change of its own, and a journey that has to be refused fails", async () => {
    const name = "LockedPoolTwice__MockForIncident";
    const built = await hre.artifacts.readArtifact(name);
    const older = (code: string) => code.replace(`${SOLC}0824`, `${SOLC}0823`);
    expect(older(built.deployedBytecode)).to.not.equal(built.deployedBytecode);
    const file = join(folder, `${name}.json`);
    const [bytecode, deployedBytecode] = [older(built.bytecode), older(built.deployedBytecode)];
    writeFileSync(file, JSON.stringify({ ...built, bytecode, deployedBytecode }));
    const change = async () => {
      const { world, pool, address, thief } = await protocol();
      await world.govern(pool);
      const text = (await planText("LockedPool", "LockedPoolTwice")).replace(/contract: .*/, `artifact: ${file}`);
      const journey = `journeys:
  - name: a thief adds while he is paid out
    as: "${world.thief}"
    steps: [{ call: "attack()", target: "${await thief.getAddress()}", expect: Locked }]`;
      const harm = async () => {
        await world.send(thief, world.thief, "attack");
        return POOL - (await world.ether(address));
      };
      return { text: `${text}\n${journey}`, harm };
    };
    const { endedBy, lost, verdict } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["journeys"]);
    await exhibit.matrix("M15", change, endedBy);
    const told = verdict?.report?.checks.find(({ id }) => id === "toolchain");
    expect(told?.status).to.equal("warn");
    expect(told?.evidence[0]).to.equal(`${name}: compiler was 0.8.36, is 0.8.35`);
    record({
      id: "M15",
      incident: "Curve, Vyper 0.2.15 to 0.3.0",
      year: 2023,
      reported: "$70M",
      cause: "the compiler gave functions that share a lock a lock each",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "wei in the pool", of: POOL, asItHappened: POOL - LEFT, withSlipway: lost },
    });
  });
});
