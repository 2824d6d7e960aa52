import {
  concat,
  dataLength,
  getAddress,
  keccak256,
  solidityPacked,
  toBeHex,
  TypedDataEncoder,
  ZeroAddress,
  zeroPadValue,
  type Provider,
} from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Governance } from "../simulate/types";
import { COMMON, MULTI_SEND, SAFE } from "./abis";
import { ask, askOne, events, told } from "./ask";
import { noFacts } from "./noFacts";
import { invalid } from "./readCallsFile";
import { refused, step } from "./step";
import { strangerOf } from "./stranger";
import type { Actor, CallsFile, Driver, GovernanceFacts, Ground } from "./types";

/** Safe's own contracts that make a batch's calls, by where they are deployed on most chains, and by version. */
const MULTI_SENDS: Record<string, string> = {
  "0x9641d764fc13c8B624c04430C7356C1C7C8102e2": "MultiSendCallOnly 1.4.1",
  "0xA83c336B20401Af773B6219BA5027174338D1836": "MultiSendCallOnly 1.5.0",
  "0x40A2aCCbd92BCA938b02010E17A5b8929b49130D": "MultiSendCallOnly 1.3.0",
  "0xA1dabEF33b3B82c7814B6D82A79e50F4AC44102B": "MultiSendCallOnly 1.3.0",
  "0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526": "MultiSend 1.4.1",
  "0x218543288004CD07832472D464648173c77D7eB7": "MultiSend 1.5.0",
  "0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761": "MultiSend 1.3.0",
  "0x998739BFdAAdde7C933B942a68053933098f9EDa": "MultiSend 1.3.0",
};
/** The same by their code, wherever they are. */
const MULTI_SEND_CODES: Record<string, string> = {
  "0xecd5bd14a08c5d2122379900b2f272bdf107a7e92423c10dd5fe3254386c9939": "MultiSendCallOnly 1.4.1",
  "0xcdbdcec38d2f1c7d961b0029ff8416b7e86e9974d6f0e9c9580c7d17fcfb6663": "MultiSendCallOnly 1.5.0",
};
/** Safes that own Safes beyond this are no chain that anyone means. */
const DEPTH = 8;
const CALL = 0;
const DELEGATECALL = 1;

const SAFE_TX = {
  SafeTx: [
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "data", type: "bytes" },
    { name: "operation", type: "uint8" },
    { name: "safeTxGas", type: "uint256" },
    { name: "baseGas", type: "uint256" },
    { name: "gasPrice", type: "uint256" },
    { name: "gasToken", type: "address" },
    { name: "refundReceiver", type: "address" },
    { name: "nonce", type: "uint256" },
  ],
};

/** What owners sign; it asks for no refund of gas. */
interface SafeTransaction {
  safe: string;
  to: string;
  value: bigint;
  data: string;
  operation: number;
  nonce: bigint;
}

interface SafeFacts {
  version: string;
  owners: string[];
  threshold: bigint;
  nonce: bigint;
}

/** A Safe, by what it answers; undefined for anything else. */
async function readSafe(provider: Provider, account: string): Promise<SafeFacts | undefined> {
  const [version, owners, threshold, nonce] = await Promise.all([
    askOne<string>(provider, account, SAFE, "VERSION"),
    ask(provider, account, SAFE, "getOwners"),
    askOne<bigint>(provider, account, SAFE, "getThreshold"),
    askOne<bigint>(provider, account, SAFE, "nonce"),
  ]);
  if (version === undefined || owners === undefined || threshold === undefined || nonce === undefined) return undefined;
  return { version, owners: [...(owners[0] as string[])], threshold, nonce };
}

/** The one transaction that makes the calls of a batch: the call itself, or a delegatecall to what makes them all. */
async function transactionOf(
  provider: Provider,
  safe: string,
  { calls }: CallsFile,
  { nonce, stated }: { nonce: bigint; stated?: string },
): Promise<{ transaction: SafeTransaction; via?: string; fault?: string }> {
  const [first] = calls;
  if (calls.length === 1 && stated === undefined) {
    return { transaction: { safe, to: first!.target, value: first!.value, data: first!.data, operation: CALL, nonce } };
  }
  const to = stated === undefined ? await deployedMultiSend(provider) : getAddress(stated);
  const code = await provider.getCode(to);
  const known = MULTI_SENDS[to] ?? MULTI_SEND_CODES[keccak256(code)];
  const packed = concat(
    calls.map(({ target, value, data }) =>
      solidityPacked(
        ["uint8", "address", "uint256", "uint256", "bytes"],
        [CALL, target, value, dataLength(data), data],
      ),
    ),
  );
  return {
    transaction: {
      safe,
      to,
      value: 0n,
      data: MULTI_SEND.encodeFunctionData("multiSend", [packed]),
      operation: DELEGATECALL,
      nonce,
    },
    ...(known === undefined ? {} : { via: known }),
    ...(known === undefined || code === "0x"
      ? {
          fault: `the Safe would delegate to ${to}, which is no MultiSend that Safe has published: it may do anything with it`,
        }
      : {}),
  };
}

async function deployedMultiSend(provider: Provider): Promise<string> {
  for (const account of Object.keys(MULTI_SENDS)) {
    if ((await provider.getCode(account)) !== "0x") return account;
  }
  throw invalid("--multisend", "where Safe's MultiSendCallOnly is on this chain", "not at any of its usual addresses");
}

/** EIP-712, as Safe does it: before 1.3.0 the domain had no chain id. */
function hashesOf(
  transaction: SafeTransaction,
  version: string,
  chainId: bigint,
): Record<"domain" | "message" | "hash", string> {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const hasChain = major > 1 || (major === 1 && minor >= 3);
  const domain = { ...(hasChain ? { chainId } : {}), verifyingContract: transaction.safe };
  const message = messageOf(transaction);
  return {
    domain: TypedDataEncoder.hashDomain(domain),
    message: TypedDataEncoder.hashStruct("SafeTx", SAFE_TX, message),
    hash: TypedDataEncoder.hash(domain, SAFE_TX, message),
  };
}

function messageOf({ to, value, data, operation, nonce }: SafeTransaction) {
  const free = { safeTxGas: 0n, baseGas: 0n, gasPrice: 0n, gasToken: ZeroAddress, refundReceiver: ZeroAddress };
  return { to, value, data, operation, ...free, nonce };
}

/** Arguments of `execTransaction` and `getTransactionHash`, but for their last. */
function termsOf({ to, value, data, operation }: SafeTransaction): unknown[] {
  return [to, value, data, operation, 0n, 0n, 0n, ZeroAddress, ZeroAddress];
}

/** A batch of a Safe, its owners approving on chain. Owners that are Safes do it by transactions of theirs. */
export async function safeDriver(
  ground: Ground,
  file: CallsFile,
  { account, nonce: stated, execution }: { account: string; nonce?: bigint; execution?: Governance["execution"] },
): Promise<Driver> {
  const { provider } = ground.session.fork;
  const { chainId } = await provider.getNetwork();
  const found = await readSafe(provider, account);
  if (found === undefined) {
    throw new SlipwayError("GovernanceUnknown", {
      where: `--safe, ${account}`,
      expected: "a Safe: VERSION, getOwners, getThreshold and nonce",
      found: (await provider.getCode(account)) === "0x" ? "no code there" : "another contract",
    });
  }
  const nonce = stated ?? found.nonce;
  // Of a Safe only the next number runs: its hash is another one under any other.
  if (nonce !== found.nonce) {
    throw new SlipwayError("GovernanceProposalDead", {
      where: `--nonce ${nonce} of ${account}`,
      expected: `its next nonce, ${found.nonce}`,
      found:
        nonce > found.nonce
          ? `${nonce - found.nonce} transactions come before it: rehearse it when they have run, or replace them`
          : "it is used",
    });
  }
  const facts = noFacts();
  const { transaction, via, fault } = await transactionOf(provider, account, file, {
    nonce,
    stated: ground.request.multiSend,
  });
  if (fault !== undefined) facts.faults.push(fault);
  const hashes = hashesOf(transaction, found.version, chainId);
  facts.hashes.push({
    what: "hash of the Safe's transaction, as the Safe computes it",
    expected: hashes.hash,
    found: await told<string>(provider, account, SAFE, "getTransactionHash", [...termsOf(transaction), nonce]),
  });
  facts.hashes.push({
    what: "its domain, as the Safe computes it",
    expected: hashes.domain,
    found: await told<string>(provider, account, SAFE, "domainSeparator"),
  });
  facts.counters.push(
    `Safe ${found.version}, ${found.threshold} of ${found.owners.length}; its next nonce is ${found.nonce}, this one has ${nonce}`,
    ...(via === undefined ? [] : [`${file.calls.length} calls by delegatecall to ${via}`]),
  );
  const approved = await approvedBy(provider, account, found.owners, hashes.hash);
  facts.votes = {
    unit: "approvals",
    quorum: found.threshold,
    cast: { inFavour: BigInt(approved.length), against: 0n },
    voters: found.owners.filter((owner) => !approved.includes(owner)).map((owner) => ({ account: owner, votes: 1n })),
  };
  for (const owner of found.owners) facts.people.set(owner, "owner of the Safe");
  const state = execution !== undefined ? "executed" : approved.length > 0 ? "proposed" : "new";
  if (state !== "new") {
    facts.stored.push({
      what: "approvals on chain",
      expected: String(approved.length),
      found: String(approved.length),
    });
  }
  const governance: Governance = {
    kind: `Safe ${found.version}`,
    account,
    executor: account,
    state,
    told: `${approved.length} of ${found.threshold} approvals`,
    proposal: `transaction ${hashes.hash}`,
    calls: file.calls,
    identifiers: [
      { name: "Safe transaction hash", value: hashes.hash },
      { name: "domain hash", value: hashes.domain },
      { name: "message hash", value: hashes.message },
      { name: "nonce", value: String(nonce) },
    ],
    ...(execution === undefined ? {} : { execution }),
  };
  const stranger: Actor = { account: strangerOf(ground), role: "stranger" };
  let signatures = "0x";
  const exec = (words: string) => ({
    to: account,
    data: SAFE.encodeFunctionData("execTransaction", [...termsOf(transaction), words]),
  });
  return {
    governance,
    facts,
    title: file.title,
    batches: [{ label: "batch", calls: file.calls }],
    books: [account],
    abis: [SAFE, MULTI_SEND, COMMON],
    claimed: () => file.abis,
    timeline: [
      { after: 0n, text: `approved by ${found.threshold} owners` },
      { after: 0n, text: "executed by anyone; a Safe waits for nothing" },
    ],
    prepare: async () => {
      const before = await approvedBy(provider, account, found.owners, hashes.hash);
      if (BigInt(before.length) < found.threshold) {
        await refused(ground, "execute with too few approvals", stranger, exec(signaturesOf(before)), ["GS02"]);
      }
      await refused(
        ground,
        "approve without being an owner",
        stranger,
        { to: account, data: SAFE.encodeFunctionData("approveHash", [hashes.hash]) },
        ["GS030"],
      );
      signatures = signaturesOf(await approve(ground, { facts, governance }, account, hashes.hash, 0));
    },
    batch: () => Promise.resolve({ actor: stranger, verb: "execute the batch", ...exec(signatures) }),
    after: () => refused(ground, "execute a second time", stranger, exec(signatures), ["GS02"]),
  };
}

/** Where a transaction of this nonce was executed; undefined while the Safe has not come to it. */
export async function safeExecution(
  client: Client,
  file: CallsFile,
  { account, nonce, multiSend }: { account: string; nonce: bigint; multiSend?: string },
): Promise<Governance["execution"]> {
  const { provider } = client;
  const found = await readSafe(provider, account);
  if (found === undefined || nonce >= found.nonce) return undefined;
  const { chainId } = await provider.getNetwork();
  const { transaction } = await transactionOf(provider, account, file, { nonce, stated: multiSend });
  const { hash } = hashesOf(transaction, found.version, chainId);
  // Before 1.4.0 the hash was no topic.
  const all = await events(provider, account, SAFE, "ExecutionSuccess");
  const one = all.find(({ args }) => args[0] === hash);
  if (one !== undefined) return { transaction: one.transaction, block: one.block };
  throw new SlipwayError("GovernanceProposalUnknown", {
    where: `--safe of ${account}, --nonce ${nonce}`,
    expected: `an execution of ${hash}`,
    found: "another transaction used this nonce",
  });
}

async function approvedBy(
  provider: Provider,
  safe: string,
  owners: readonly string[],
  hash: string,
): Promise<string[]> {
  const found = await Promise.all(
    owners.map((owner) => askOne<bigint>(provider, safe, SAFE, "approvedHashes", [owner, hash])),
  );
  return owners.filter((_, i) => (found[i] ?? 0n) > 0n);
}

/** Approvals on chain as signatures, in the order of the owners' addresses. */
function signaturesOf(owners: readonly string[]): string {
  const sorted = [...owners].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  return concat(sorted.map((owner) => concat([zeroPadValue(owner, 32), toBeHex(0, 32), "0x01"])));
}

/** Owners approve until there are enough; those who did it on chain already count. */
async function approve(
  ground: Ground,
  into: { facts: GovernanceFacts; governance: Governance },
  safe: string,
  hash: string,
  depth: number,
): Promise<string[]> {
  const { provider } = ground.session.fork;
  const found = (await readSafe(provider, safe))!;
  if (depth > DEPTH) throw invalid(safe, `at most ${DEPTH} Safes above one another`, "more, or a circle of them");
  const approved = await approvedBy(provider, safe, found.owners, hash);
  const data = SAFE.encodeFunctionData("approveHash", [hash]);
  for (const owner of found.owners) {
    if (BigInt(approved.length) >= found.threshold) break;
    if (approved.includes(owner)) continue;
    const above = await readSafe(provider, owner);
    if (above === undefined) await step(ground, { account: owner, role: "owner" }, "approve", { to: safe, data });
    else
      await approveBySafe(
        ground,
        into,
        { safe: owner, to: safe, value: 0n, data, operation: CALL, nonce: above.nonce },
        depth,
      );
    approved.push(owner);
  }
  return approved.slice(0, Number(found.threshold));
}

/** A Safe that is an owner approves by a transaction of its own. */
async function approveBySafe(
  ground: Ground,
  into: { facts: GovernanceFacts; governance: Governance },
  transaction: SafeTransaction,
  depth: number,
): Promise<void> {
  const { provider } = ground.session.fork;
  const { safe, nonce } = transaction;
  const { version, threshold, owners } = (await readSafe(provider, safe))!;
  const { hash } = hashesOf(transaction, version, (await provider.getNetwork()).chainId);
  into.facts.hashes.push({
    what: `approval by the Safe ${safe}, as it computes it`,
    expected: hash,
    found: await told<string>(provider, safe, SAFE, "getTransactionHash", [...termsOf(transaction), nonce]),
  });
  into.facts.counters.push(`owner ${safe} is a Safe, ${threshold} of ${owners.length}; its nonce is ${nonce}`);
  into.governance.identifiers.push({ name: `approval by the Safe ${safe}, nonce ${nonce}`, value: hash });
  const signatures = signaturesOf(await approve(ground, into, safe, hash, depth + 1));
  const data = SAFE.encodeFunctionData("execTransaction", [...termsOf(transaction), signatures]);
  await step(ground, { account: strangerOf(ground), role: "stranger" }, "approve as a Safe", { to: safe, data });
}
