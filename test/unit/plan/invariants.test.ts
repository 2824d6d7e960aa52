import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { getAddress } from "ethers";
import { ethers } from "hardhat";
import { readAddressBook } from "../../../src/chain/addressBook";
import { checkInvariants } from "../../../src/invariants/checkInvariants";
import { defineInvariants } from "../../../src/invariants/defineInvariants";
import { invariantIdOf } from "../../../src/invariants/invariantIdOf";
import { listInvariants } from "../../../src/invariants/listInvariants";
import { catalogueFiles, loadInvariantFile, loadInvariants } from "../../../src/invariants/loadInvariants";
import { Action, Category, RightKind, Severity } from "../../../src/invariants/types";
import { Op } from "../../../src/plan/types";
import {
  BRIDGE_INVARIANTS,
  bridgeFixture,
  CATALOGUE,
  withOwnFolder,
  type BridgeFixture,
} from "../../fixtures/bridgeModule";
import { expectError } from "../../helpers/expectError";

const TOKEN = "0x00000000000000000000000000000000000000A1";
const BOOK = { file: "deployments/x/addresses.json", addresses: { token: getAddress(TOKEN.toLowerCase()) } };
const ROW = `name: supply-capped
category: asset
severity: critical
owner: risk
action: freeze
left: { target: "\${token}", call: "totalSupply()(uint256)" }
op: "<="
right: 1000
tolerance: 0.5%
`;

function fileOf(text: string, name = "row.yaml"): string {
  const file = join(mkdtempSync(join(tmpdir(), "slipway-")), name);
  writeFileSync(file, text);
  return file;
}
const load = (text: string) => loadInvariantFile(fileOf(text), BOOK);

describe("the catalogue", () => {
  it("PLN-80 builds the struct a file describes", () => {
    const { invariant, isInline } = load(ROW);
    expect(invariant).to.deep.equal({
      name: "supply-capped",
      category: Category.Asset,
      severity: Severity.Critical,
      owner: "risk",
      action: Action.Freeze,
      isIrreversible: false,
      condition: {
        left: { target: BOOK.addresses.token, data: "0x18160ddd", gas: 100_000n },
        op: Op.Lte,
        rightKind: RightKind.Constant,
        right: { target: ethers.ZeroAddress, data: "0x", gas: 0n },
        constantValue: 1_000n,
        tolerance: 0n,
        toleranceBps: 50,
      },
    });
    expect(isInline).to.equal(false);
  });

  it("PLN-80 reads before, at-propose, a probe and an amount of tolerance", () => {
    expect(load(ROW.replace("right: 1000", "right: before")).invariant.condition.rightKind).to.equal(RightKind.Before);
    expect(load(ROW.replace("right: 1000", "right: at-propose")).invariant.condition.rightKind).to.equal(
      RightKind.AtPropose,
    );
    const { condition } = load(
      ROW.replace("right: 1000", 'right: { target: "${token}", call: "cap()(uint256)", gas: 50000 }').replace(
        "0.5%",
        "3",
      ),
    ).invariant;
    expect([condition.rightKind, condition.right.gas, condition.tolerance]).to.deep.equal([
      RightKind.Probe,
      50_000n,
      3n,
    ]);
  });

  it("PLN-81 refuses a row without an action: it would be documentation, not control", () =>
    expectError(() => load(ROW.replace("action: freeze\n", "")), "InvariantWithoutAction", {
      where: "invariant supply-capped",
      expected: "action: freeze or rollback",
    }));

  it("PLN-81 refuses an action that is none", () =>
    expectError(() => load(ROW.replace("action: freeze", "action: none")), "InvariantFileInvalid", {
      where: "row.yaml:5:9, key action",
      expected: "one of freeze, rollback",
      found: '"none"',
    }));

  it("PLN-81 refuses a row without an owner", () =>
    expectError(() => load(ROW.replace("owner: risk\n", "")), "InvariantFileInvalid", { where: "key owner" }));

  it("PLN-81 refuses an unknown key with the nearest one", () =>
    expectError(() => load(ROW.replace("owner:", "ownr:")), "InvariantFileInvalid", {
      where: "row.yaml:4:1, key ownr",
      next: "write owner instead of ownr",
    }));

  it("PLN-81 refuses a probe that returns more than a word", () =>
    expectError(() => load(ROW.replace("totalSupply()(uint256)", "name()(string)")), "ArgumentInvalid", {
      where: "key left",
      expected: "returns one word",
      found: "name()(string)",
    }));

  it("PLN-81 refuses two files of one name", () => {
    const file = fileOf(ROW, "a.yaml");
    writeFileSync(join(file, "../b.yaml"), ROW);
    return expectError(() => catalogueFiles(join(file, "..")), "InvariantFileInvalid", {
      where: "b.yaml",
      found: "supply-capped, also in",
    });
  });

  it("PLN-82 every file of this repository has an action, an owner and a description", () => {
    for (const [name, file] of catalogueFiles(CATALOGUE)) {
      const text = readFileSync(file, "utf8");
      for (const key of ["action", "owner", "description", "severity"]) {
        expect(text, `${name}: ${key}`).to.match(new RegExp(`^${key}: \\S`, "m"));
      }
    }
  });

  describe("with a registry", () => {
    let fixture: BridgeFixture;

    beforeEach(async () => {
      fixture = withOwnFolder(await loadFixture(bridgeFixture));
    });

    const rows = () => loadInvariants(CATALOGUE, BRIDGE_INVARIANTS, readAddressBook(fixture.client.deploymentsDir));

    it("PLN-83 gives a row the id that the registry gives it", async () => {
      for (const { invariant, id } of rows()) {
        const { registry, risk } = fixture;
        const again = registry.connect(risk).defineInvariant.staticCall(invariant);
        await expect(again).to.be.revertedWithCustomError(registry, "InvariantExists").withArgs(id);
      }
    });

    it("PLN-84 defines what is missing and leaves the rest alone", async () => {
      const client = { ...fixture.client, signer: await ethers.getSigner(fixture.risk.address) };
      const known = rows();
      const added = { ...known[0]!, invariant: { ...known[0]!.invariant, owner: "treasury" } };
      const done = await defineInvariants(client, fixture.connected, [
        ...known,
        { ...added, id: invariantIdOf(added.invariant) },
      ]);
      expect(done.map(({ status }) => status)).to.deep.equal([...known.map(() => "already"), "confirmed"]);
    });

    it("PLN-85 lists files and registry side by side", async () => {
      const { client, connected, registry, risk } = fixture;
      await registry.connect(risk).retireInvariant(rows()[0]!.id);
      const listed = await listInvariants(client, connected, CATALOGUE, readAddressBook(client.deploymentsDir));
      const states = Object.fromEntries(listed.map(({ name, state }) => [name, state]));
      expect(states["bridge-backed"]).to.equal("retired");
      expect(states["router-unchanged"]).to.equal("live");
      expect(states["vault-solvent"]).to.equal("address unknown");
    });

    it("PLN-86 tells how each row stands, and which it cannot tell outside a plan", async () => {
      const checked = await checkInvariants(
        fixture.connected,
        rows().map(({ id }) => id),
      );
      expect(checked.map(({ name, state }) => [name, state])).to.deep.equal([
        ["bridge-backed", "holds"],
        ["counterpart-unchanged", "no baseline"],
        ["router-unchanged", "no baseline"],
        ["token-map-unchanged", "no baseline"],
        ["proxy-admin-owner-unchanged", "no baseline"],
      ]);
      expect(checked[0]!.condition).to.equal(
        `${fixture.bridge.l1Token}.balanceOf(${fixture.bridge.counterpart}) >= ${fixture.bridge.l2Token}.totalSupply()`,
      );
    });
  });
});
