import { expect } from "chai";
import { encodeBytes32String, id, Interface, ZeroAddress, ZeroHash } from "ethers";
import { Exit, SlipwayError, type ErrorName, type ExitCode } from "../../../src/errors";
import { decodeRevert, revertData } from "../../../src/registry/decodeRevert";
import { registryAbi } from "../../../src/registry/registryAbi";
import { artifacts } from "../../fixtures/registry";

const ID = id("a proposal");
const SHORT = ID.slice(2, 8);
const OTHER = id("another proposal");
const MODULE = encodeBytes32String("vault");
const ACCOUNT = "0x00000000000000000000000000000000000000AA";

interface Row {
  error: string;
  args: unknown[];
  name: ErrorName;
  exit: ExitCode;
  facts: Record<string, string>;
}

/** States by number: 1 Voting, 3 Approved, 4 Scheduled, 5 InProgress, 6 Stalled, 8 RolledBack, 10 Expired. */
const ROWS: Row[] = [
  {
    error: "CodeHashMismatch",
    args: [ACCOUNT, id("old"), id("new")],
    name: "CodeHashMismatch",
    exit: Exit.drift,
    facts: { where: `account ${ACCOUNT}`, expected: id("old"), next: `npx hardhat upgrade invalidate ${SHORT}` },
  },
  {
    error: "StaleBase",
    args: [MODULE, 3, 4],
    name: "StaleBase",
    exit: Exit.drift,
    facts: { where: "module vault", expected: "version 3", found: "version 4" },
  },
  {
    error: "ModuleLocked",
    args: [MODULE, OTHER],
    name: "ModuleLocked",
    exit: Exit.waiting,
    facts: { where: "module vault", next: `npx hardhat upgrade status ${OTHER.slice(2, 8)}` },
  },
  {
    error: "ModuleLocked",
    args: [MODULE, ZeroHash],
    name: "ModuleLocked",
    exit: Exit.waiting,
    facts: { expected: "the module held by this plan", found: "held by none" },
  },
  {
    error: "ProposalInState",
    args: [ID, 1, 3],
    name: "ProposalInState",
    exit: Exit.waiting,
    facts: { expected: "state Approved", found: "state Voting", next: `npx hardhat upgrade status ${SHORT}` },
  },
  {
    error: "ProposalInState",
    args: [ID, 6, 5],
    name: "PlanContained",
    exit: Exit.contained,
    facts: { found: "state Stalled" },
  },
  {
    error: "ProposalInState",
    args: [ID, 8, 5],
    name: "PlanContained",
    exit: Exit.contained,
    facts: { found: "state RolledBack" },
  },
  {
    error: "ProposalInState",
    args: [ID, 10, 4],
    name: "PlanEnded",
    exit: Exit.checkFailed,
    facts: { found: "state Expired" },
  },
  { error: "ProposalInState", args: [ID, 0, 4], name: "ProposalUnknown", exit: Exit.toolError, facts: {} },
  {
    error: "NotYet",
    args: [ID, 1_800_000_000, 1_700_000_000],
    name: "NotYet",
    exit: Exit.waiting,
    facts: { expected: "not before 2027-01-15T08:00:00Z", found: "it is 2023-11-14T22:13:20Z" },
  },
  {
    error: "RollbackClosed",
    args: [ID, 1_700_000_000, 1_800_000_000],
    name: "RollbackClosed",
    exit: Exit.checkFailed,
    facts: { next: `npx hardhat upgrade advance ${SHORT}` },
  },
  {
    error: "NotReady",
    args: [ID, 500, 1200, 2, 3],
    name: "NotReady",
    exit: Exit.waiting,
    facts: { expected: "2/3 of 1200 power ready", found: "500 ready" },
  },
  {
    error: "AttestationsMissing",
    args: [ID, 1, 0, 2],
    name: "AttestationsMissing",
    exit: Exit.waiting,
    facts: {
      expected: "2 simulation attestations",
      found: "0",
      next: `npx hardhat upgrade attest ${SHORT} --kind simulation --as ATTESTER`,
    },
  },
  {
    error: "GateNotMet",
    args: [1, ZeroAddress, 5, 100, 40, true],
    name: "GateNotMet",
    exit: Exit.waiting,
    facts: { where: "stage 2, gate 1, the registry", expected: ">= 100", found: "40" },
  },
  {
    error: "GateNotMet",
    args: [0, ACCOUNT, 0, 1, 0, false],
    name: "GateNotMet",
    exit: Exit.waiting,
    facts: { where: `stage 2, gate 0, ${ACCOUNT}`, expected: "== 1", found: "no word: the probe is unavailable" },
  },
  {
    error: "InvariantViolated",
    args: [id("invariant"), 7, 9, true],
    name: "InvariantViolated",
    exit: Exit.checkFailed,
    facts: { where: `stage 2, invariant ${id("invariant")}`, found: "7", next: `npx hardhat invariant check ${SHORT}` },
  },
  {
    error: "Unauthorized",
    args: [ACCOUNT, id("ATTESTER")],
    name: "Unauthorized",
    exit: Exit.toolError,
    facts: { expected: "role ATTESTER", found: `${ACCOUNT} without it` },
  },
  {
    error: "AlreadyHalted",
    args: [ZeroHash, 1_800_000_000],
    name: "AlreadyHalted",
    exit: Exit.toolError,
    facts: { where: "everything", found: "halted until 2027-01-15T08:00:00Z" },
  },
  {
    error: "HaltBudgetSpent",
    args: [MODULE],
    name: "HaltBudgetSpent",
    exit: Exit.checkFailed,
    facts: { where: "module vault" },
  },
  {
    error: "CanaryAbsent",
    args: [MODULE],
    name: "CanaryMissing",
    exit: Exit.toolError,
    facts: {},
  },
  {
    error: "NoCode",
    args: [ACCOUNT],
    name: "AddressWithoutCode",
    exit: Exit.toolError,
    facts: { where: ACCOUNT },
  },
  {
    error: "StalePolicy",
    args: [1, 2],
    name: "StalePolicy",
    exit: Exit.contained,
    facts: { found: "expected 1, actual 2" },
  },
  // An error without a row of its own still tells its name and its arguments.
  {
    error: "InsufficientGas",
    args: [500_000, 100],
    name: "ContractRefused",
    exit: Exit.checkFailed,
    facts: { meaning: "the contract refused it with InsufficientGas(500000, 100)" },
  },
];

describe("decodeRevert", () => {
  let iface: Interface;
  before(async () => (iface = new Interface(await registryAbi(artifacts))));

  const decode = (data: string): SlipwayError => {
    const thrown = Object.assign(new Error("execution reverted"), { error: { data } });
    return decodeRevert(thrown, iface, { where: "advance 2", proposalId: ID, stage: 2 }) as SlipwayError;
  };

  for (const { error, args, name, exit, facts } of ROWS) {
    it(`CLI-43 turns ${error}(${args.map(String).join(", ").slice(0, 40)}…) into ${name}, exit ${exit}`, () => {
      const decoded = decode(iface.encodeErrorResult(error, args));
      expect([decoded.errorName, decoded.exit]).to.deep.equal([name, exit]);
      expect(decoded.facts).to.include(facts);
    });
  }

  it("CLI-44 says so where there is no reason, or one that no contract here gives", () => {
    expect(decode("0x").facts).to.include({ where: "advance 2", found: "a revert without a reason" });
    expect(decode("0xdeadbeef").facts).to.include({ found: "revert data 0xdeadbeef" });
    expect(decode("0xdeadbeef").errorName).to.equal("ContractRefused");
  });

  it("CLI-45 passes on what is no revert, and never takes the data that was sent for the answer", () => {
    const refused = new Error("socket closed");
    expect(decodeRevert(refused, iface, { where: "advance" })).to.equal(refused);
    const sent = { transaction: { data: "0x12345678" }, info: { error: { message: "out of memory" } } };
    expect(revertData(sent)).to.equal(undefined);
    expect(revertData({ ...sent, info: { error: { data: "0x08c379a0" } } })).to.equal("0x08c379a0");
  });
});
