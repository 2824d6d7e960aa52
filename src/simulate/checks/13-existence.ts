import { decodeBytes32String, getAddress, toBeHex, ZeroAddress } from "ethers";
import { readCalldata } from "../../plan/readCalldata";
import { planCalls } from "../planCalls";
import {
  fail,
  pass,
  warn,
  type CheckKind,
  type Conclusion,
  type Evidence,
  type Subject,
  type SubjectEvidence,
} from "./types";

/** Below it are the precompiles. */
const RESERVED = 1n << 16n;
/** A word from here on, and below 2^160, is an address as a rule, and no amount. */
const AN_ADDRESS = 1n << 128n;

const KIND = {
  number: 13,
  id: "existence",
  name: "every account that the plan calls, passes on or writes down is there",
  isRequired: true,
};

export const existence: CheckKind = {
  ...KIND,
  begin: () => ({ conclude: (evidence) => judge(evidence, knownPeople, "nobody that the registry knows") }),
};

/** The same where somebody else knows who may be without code. */
export function existenceAmong<E extends SubjectEvidence>(
  people: (evidence: E) => Promise<Map<string, string>>,
): CheckKind<Subject, E> {
  return { ...KIND, begin: () => ({ conclude: (evidence) => judge(evidence, people, "nobody that takes part") }) };
}

async function judge<E extends SubjectEvidence>(
  evidence: E,
  peopleOf: (evidence: E) => Promise<Map<string, string>>,
  nobody: string,
): Promise<Conclusion> {
  const { plan, session } = evidence;
  const { provider } = session.client;
  const calls = planCalls(plan);
  const read = calls.map(({ where, call }) => readCalldata(call.data, evidence.built.abis.known, where));
  const missing: string[] = [];
  const strange: string[] = [];
  const codes = new Map<string, string>();
  const codeOf = async (account: string) => {
    const code = codes.get(account) ?? (await provider.getCode(account));
    codes.set(account, code);
    return code;
  };
  for (const { where, call } of calls) {
    if (call.data !== "0x" && (await codeOf(getAddress(call.target))) === "0x") {
      missing.push(`${where}: ${call.target} has no code, and a call of it succeeds whatever it was meant to do`);
    }
  }
  const known = await peopleOf(evidence);
  const written = writtenAddresses(evidence);
  const passed = [
    ...read.flatMap(({ addresses }) => addresses.map((one) => ({ ...one, isWritten: false }))),
    ...written.map((one) => ({ ...one, isWritten: true })),
  ].filter(({ address }) => address !== ZeroAddress && BigInt(address) >= RESERVED);
  const people = new Set<string>();
  const told = new Set<string>();
  for (const { address, where, isWritten } of passed) {
    const code = await codeOf(address);
    if (code.startsWith("0xef0100")) strange.push(`${where}: ${address} is an account whose key moves its code`);
    if (code !== "0x") continue;
    if (known.has(address)) people.add(`${address}, ${known.get(address)}`);
    else if (!told.has(address)) {
      strange.push(`${where}: ${address} has no code, and is ${nobody}`);
    }
    // What is written because it was passed is one finding.
    if (!isWritten) told.add(address);
  }
  const isTraced = evidence.runs.every(({ stage }) => stage.writes !== undefined);
  const lines = [
    `${calls.length} calls, ${new Set(passed.map(({ address }) => address)).size} accounts passed on or written down`,
    ...[...people].map((line) => `no code, and none needed: ${line}`),
    ...(isTraced ? [] : ["storage was not traced: only what calls pass on was looked up"]),
  ];
  if (missing.length > 0) return fail([...missing, ...strange, ...lines], "correct the address, or deploy it first");
  return strange.length > 0
    ? warn([...strange, ...lines], "ask whose key that is, and how one would know if it were a slip of the pen")
    : pass(...lines);
}

function writtenAddresses({ runs, notes }: SubjectEvidence): { address: string; where: string }[] {
  const names = new Map(notes.initial.map(({ account, module }) => [account, module]));
  return runs.flatMap(({ stage }) =>
    (stage.writes ?? []).flatMap(({ account, slot, after }) => {
      const word = BigInt(after);
      if (word < AN_ADDRESS || word >= 1n << 160n) return [];
      const address = getAddress(toBeHex(word, 20));
      return [{ address, where: `stage ${stage.index} writes slot ${slot} of ${names.get(account) ?? account}` }];
    }),
  );
}

/** Who may be without code: the registry's own people, by what they are. */
async function knownPeople({ actors, registry, timelock, plan }: Evidence): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  const add = (role: string, accounts: readonly string[]) => {
    for (const account of accounts) if (!known.has(getAddress(account))) known.set(getAddress(account), role);
  };
  add("proposer", [actors.proposer]);
  add("attester", actors.attesters);
  add("maintainer", actors.maintainers);
  add("auditor", actors.auditors);
  add("incident role", actors.incident);
  add("council member", actors.council.members);
  add(
    "elector",
    actors.electors.map(({ account }) => account),
  );
  add("timelock", [timelock]);
  for (const { module } of plan.targets) {
    const { account, authority } = await registry.contract.getFunction("moduleOf")(module);
    add(`module ${decodeBytes32String(module)}`, [account as string]);
    add("authority", [authority as string]);
  }
  return known;
}
