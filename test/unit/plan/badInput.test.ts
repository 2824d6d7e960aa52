import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFixture, setCode } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Contract, encodeBytes32String } from "ethers";
import { ethers } from "hardhat";
import { bridgeArtifact, deployArtifact, proxyArtifact } from "../../../scripts/remote/artifact";
import { readAddressBook, writeAddresses } from "../../../src/chain/addressBook";
import { loadInvariants } from "../../../src/invariants/loadInvariants";
import { buildPlan, type BuildOptions } from "../../../src/plan/buildPlan";
import { deploymentKey } from "../../../src/plan/deployments";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { ModuleKind } from "../../../src/plan/types";
import { asTimelock } from "../../helpers/asTimelock";
import {
  bridgeFixture,
  CATALOGUE,
  planText,
  ROOT,
  withOwnFolder,
  type BridgeFixture,
} from "../../fixtures/bridgeModule";
import { expectError } from "../../helpers/expectError";

const GATEWAY = "arbitrum/gateway/L2CustomGateway";

describe("buildPlan, bad input", () => {
  let fixture: BridgeFixture;

  beforeEach(async () => {
    fixture = withOwnFolder(await loadFixture(bridgeFixture));
  });

  /** Builds the bridge's plan with one thing changed; nothing may be sent meanwhile. */
  async function build(change: [string, string] | undefined, options: Partial<BuildOptions> = {}): Promise<unknown> {
    const text = planText(change);
    const before = await ethers.provider.getBlockNumber();
    const loaded = parsePlanText(text, "plan.yaml", readAddressBook(fixture.client.deploymentsDir));
    try {
      return await buildPlan(fixture.client, fixture.connected, loaded, {
        root: ROOT,
        invariantsDir: CATALOGUE,
        ...options,
      });
    } finally {
      expect(await ethers.provider.getBlockNumber(), "something was sent").to.equal(before);
    }
  }

  it("PLN-30 refuses a plan for another chain with WrongChain", () =>
    expectError(() => build(["chain: 31337", "chain: 42161"]), "WrongChain", {
      where: "plan.yaml:6:8, key chain",
      expected: "chain 42161",
      found: "chain 31337",
    }));

  it("PLN-31 refuses an unknown module with ModuleUnknown and the nearest name", () =>
    expectError(() => build(["l2-custom-gateway", "l2-custom-gatewey"]), "ModuleUnknown", {
      where: "key module",
      expected: "l2-custom-gateway",
      found: "l2-custom-gatewey",
    }));

  it("PLN-32 refuses a module that moved since with StaleBase", async () => {
    const error = await expectError(
      () => build(["module: l2-custom-gateway", "module: l2-custom-gateway\nbaseVersion: 3"]),
      "StaleBase",
      { where: "key baseVersion", expected: "l2-custom-gateway at version 3", found: "version 0" },
    );
    expect(error.exit).to.equal(3);
  });

  it("PLN-34 refuses an address without code with AddressWithoutCode", () =>
    expectError(
      () =>
        build([
          "module: l2-custom-gateway",
          'target: { kind: transparent, proxy: "0x00000000000000000000000000000000000000C0" }',
        ]),
      "AddressWithoutCode",
      { where: "key target.proxy", found: "0x00000000000000000000000000000000000000C0 without code" },
    ));

  it("PLN-34 refuses a pinned account without code", () =>
    expectError(
      () => build(["rollback: auto", 'rollback: auto\npins: ["0x00000000000000000000000000000000000000C0"]']),
      "AddressWithoutCode",
      { where: "key pins.0" },
    ));

  it("PLN-34 refuses to rely on an account that delegates its code", async () => {
    const account = "0x00000000000000000000000000000000000000C0";
    await setCode(account, `0xef0100${"11".repeat(20)}`);
    await expectError(() => build(["rollback: auto", `rollback: auto\npins: ["${account}"]`]), "AccountDelegated", {
      where: "key pins.0",
      found: `${account} delegating to 0x${"11".repeat(20)}`,
    });
  });

  it("PLN-35 refuses a proxy of another kind than the file states", () =>
    expectError(
      () => build(["module: l2-custom-gateway", 'target: { kind: uups, proxy: "${l2Gateway}" }']),
      "ProxyKindMismatch",
      { where: "key target.proxy", expected: "uups (target.kind)", found: "transparent at" },
    ));

  it("PLN-35 refuses a proxy of another kind than the registry states", async () => {
    const { registry, release, bridge, timelock } = fixture;
    await registry
      .connect(release)
      .registerModule(encodeBytes32String("wrong"), ModuleKind.Uups, bridge.gatewayRouter, await timelock.getAddress());
    await expectError(() => build(["module: l2-custom-gateway", "module: wrong"]), "ProxyKindMismatch", {
      expected: "uups (registered)",
      found: `transparent at ${bridge.gatewayRouter}`,
    });
  });

  it("PLN-36 refuses a ProxyAdmin that the timelock does not own", async () => {
    const { bridge, timelock, stranger } = fixture;
    await asTimelock(fixture);
    const owner = await ethers.getSigner(fixture.deployment.timelock);
    const admin = new Contract(bridge.proxyAdmin, proxyArtifact("ProxyAdmin").abi, owner);
    await admin.getFunction("transferOwnership")(stranger.address);
    await expectError(() => build(undefined), "AuthorityMismatch", {
      expected: `owned by the timelock ${await timelock.getAddress()}`,
      found: `owner ${stranger.address.toLowerCase()}`,
    });
  });

  it("PLN-37 refuses an unknown function with FunctionUnknown and the nearest one", () =>
    expectError(() => build(["function: postUpgradeInit()", "function: postUpgradeInt()"]), "FunctionUnknown", {
      where: "key upgrade.init",
      expected: "postUpgradeInit()",
      found: "postUpgradeInt()",
    }));

  it("PLN-37 refuses a name that several functions have", () =>
    expectError(
      () => build(['"outboundTransfer(address,address,uint256,bytes)"', "outboundTransfer"]),
      "FunctionUnknown",
      {
        where: "key canary.budget.meters.0.arg",
        expected: "outboundTransfer(address,address,uint256,uint256,uint256,bytes)",
        meaning: "several functions",
      },
    ));

  it("PLN-38 refuses to meter a parameter that is no amount", () =>
    expectError(
      () =>
        build([
          '"outboundTransfer(address,address,uint256,bytes)", arg: _amount',
          '"outboundTransfer(address,address,uint256,bytes)", arg: _to',
        ]),
      "ArgumentInvalid",
      { where: "key canary.budget.meters.0.arg", expected: "a uint parameter", found: "address _to" },
    ));

  it("PLN-38 refuses a cohort by a parameter whose word is only an offset", () =>
    expectError(() => build(["arg: _to }", "arg: 4 }"]), "ArgumentInvalid", {
      where: "key canary.cohort.arg",
      found: "bytes",
    }));

  it("PLN-38 refuses arguments that do not fit", () =>
    expectError(
      () => build(["function: postUpgradeInit()", "function: postUpgradeInit(), args: [1]"]),
      "ArgumentInvalid",
      {
        where: "key upgrade.init",
        expected: "0 arguments for postUpgradeInit()",
        found: "1",
      },
    ));

  it("PLN-39 refuses an invariant that no file has, with the nearest name", () =>
    expectError(() => build(["- bridge-backed", "- bridge-baked"]), "InvariantUnknown", {
      where: CATALOGUE,
      expected: "bridge-backed",
      found: "bridge-baked",
    }));

  it("PLN-39 refuses an invariant that the registry does not hold in exactly this form", async () => {
    // The same row over another token is another row.
    const [row] = loadInvariants(CATALOGUE, ["bridge-backed"], readAddressBook(fixture.client.deploymentsDir));
    writeAddresses(fixture.client.deploymentsDir, { l1Token: fixture.bridge.l2Token });
    const error = await expectError(() => build(undefined), "InvariantUnknown", {
      where: "key invariants",
      expected: "bridge-backed",
      next: "npx hardhat invariant define bridge-backed",
    });
    expect(error.facts.found).to.not.contain(row!.id);
  });

  it("PLN-39 refuses a retired invariant", async () => {
    const [row] = loadInvariants(CATALOGUE, ["bridge-backed"], readAddressBook(fixture.client.deploymentsDir));
    await fixture.registry.connect(fixture.risk).retireInvariant(row!.id);
    await expectError(() => build(undefined), "InvariantRetired", { where: "key invariants", found: `(${row!.id})` });
  });

  it("PLN-40 refuses an artifact with unlinked bytecode, and names the libraries", async () => {
    const root = mkdtempSync(join(tmpdir(), "slipway-"));
    const hole = `__$${"a".repeat(34)}$__`;
    const artifact = {
      contractName: "Linked",
      abi: [],
      bytecode: `0x6000${hole}`,
      deployedBytecode: `0x6000${hole}`,
      linkReferences: { "contracts/Math.sol": { Math: [{ start: 2, length: 20 }] } },
    };
    writeFileSync(join(root, "Linked.json"), JSON.stringify(artifact));
    await expectError(
      () => build([/artifact: npm\S+/.exec(planText())![0], "artifact: Linked.json"], { root }),
      "ArtifactUnlinked",
      { where: "key upgrade", expected: "Linked with its libraries linked", found: "holes for Math" },
    );
  });

  it("PLN-40 refuses an artifact that is not there", () =>
    expectError(() => build(["L2CustomGateway.json", "L3CustomGateway.json"]), "ArtifactUnknown", {
      where: "key upgrade",
      found: "L3CustomGateway.json",
    }));

  it("PLN-40 refuses a package that is not installed", () =>
    expectError(() => build(["npm:arb-125/", "npm:arb-999/"]), "ArtifactUnknown", { expected: "the package arb-999" }));

  it("PLN-40 refuses an interface, which has no code to deploy", () =>
    expectError(() => build([/artifact: npm\S+/.exec(planText())![0], "contract: ITrafficRouter"]), "ArtifactInvalid", {
      found: "no bytecode",
    }));

  it("PLN-41 refuses a candidate whose initialiser is open on the implementation", () =>
    expectError(
      () => build([/ {2}# The published[^]*?(?= {2}# Accepts)/.exec(planText())![0], ""]),
      "InitializerOpen",
      {
        where: "key upgrade",
        expected: "initialize(address,address) to revert for a stranger on the implementation",
        next: "upgrade.lock",
      },
    ));

  it("PLN-41 refuses a deployed candidate whose initialiser is open", async () => {
    const candidate = await deployArtifact(fixture.deployer, bridgeArtifact("1.2.5", GATEWAY));
    const address = await candidate.getAddress();
    const lock = / {2}# The published[^]*?(?= {2}# Accepts)/.exec(planText())![0];
    await expectError(() => build([lock, `  address: "${address}"\n`]), "InitializerOpen", {
      expected: `on the implementation ${address}`,
    });
  });

  it("PLN-42 refuses an address whose code is not what the artifact deploys", () =>
    expectError(() => build(["  init: {", '  address: "${l2Token}"\n  init: {']), "CandidateMismatch", {
      where: "key upgrade",
      expected: "L2CustomGateway, code hash 0x",
      found: fixture.bridge.l2Token,
    }));

  it("PLN-43 refuses the implementation that serves already", () =>
    expectError(
      () => build(["npm:arb-125/", "npm:arb-112/"], { addresses: withCandidate(fixture.bridge.gatewayImplementation) }),
      "CandidateIsStable",
      { found: fixture.bridge.gatewayImplementation },
    ));

  it("PLN-44 refuses a first stage that would revert, and tells the reason", () =>
    expectError(
      () =>
        build([
          "init: { function: postUpgradeInit() }",
          'init: { function: "initialize(address,address)", args: ["${l1Counterpart}", "${l2Gateway}"] }',
        ]),
      "CallReverts",
      { where: "stage 0, call 0", found: "ALREADY_INIT" },
    ));

  it("PLN-45 refuses an error that the candidate does not declare", () =>
    expectError(
      () => build(["errorBudget: 3", "errorBudget: 3\n  expectedErrors: [LimitExceeded]"]),
      "ErrorNameUnknown",
      {
        where: "key canary.expectedErrors.0",
        found: "LimitExceeded",
      },
    ));

  it("PLN-46 refuses a gate on a stage that does not exist", () =>
    expectError(
      () =>
        build([
          "rollback: auto",
          'rollback: auto\ngates: [{ stage: canry 5%, call: readyPower(), op: ">=", value: 1 }]',
        ]),
      "StageUnknown",
      { where: "key gates.0.stage", expected: "canary 5%, canary 25%, canary 100%, promote", found: "canry 5%" },
    ));

  it("PLN-47 refuses a candidate that takes the router's own selector", async () => {
    const artifact = bridgeArtifact("1.2.5", GATEWAY);
    const root = mkdtempSync(join(tmpdir(), "slipway-"));
    const abi = [
      ...(artifact.abi as object[]),
      {
        type: "function",
        name: "traffic",
        inputs: [{ name: "message", type: "bytes" }],
        outputs: [],
        stateMutability: "payable",
      },
    ];
    writeFileSync(join(root, "Clash.json"), JSON.stringify({ ...artifact, contractName: "Clash", abi }));
    await expectError(
      () => build([/artifact: npm\S+/.exec(planText())![0], "artifact: Clash.json"], { root }),
      "ControlSelectorClash",
      { found: "traffic(bytes) of Clash", next: "canary: none" },
    );
  });

  function withCandidate(address: string) {
    const book = readAddressBook(fixture.client.deploymentsDir);
    const { bytecode } = JSON.parse(
      readFileSync(
        require.resolve(`arb-112/build/contracts/contracts/tokenbridge/${GATEWAY}.sol/L2CustomGateway.json`),
        "utf8",
      ),
    ) as { bytecode: string };
    return { ...book, addresses: { ...book.addresses, [deploymentKey("L2CustomGateway", bytecode)]: address } };
  }
});
