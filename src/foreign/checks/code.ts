import { dataLength, getAddress, Interface, keccak256, toBeHex, ZeroAddress } from "ethers";
import { ipfsHash } from "../../bytecode/ipfsHash";
import { DELEGATECALL, reachable } from "../../bytecode/reachable";
import { SLOTS } from "../../chain/erc1967";
import { SlipwayError } from "../../errors";
import { adminsAt, isProductionChain, judgeAdmins, type Admin } from "../../impact/adminKinds";
import { compareUpgrade } from "../../layout/compareUpgrade";
import { checkInitializers, initializersOf } from "../../plan/checkInitializers";
import { pointerAfter } from "../../plan/pointerAfter";
import { opcodes as planOpcodes } from "../../simulate/checks/19-opcodes";
import { exposure as planExposure } from "../../simulate/checks/40-exposure";
import { toolchain as planToolchain } from "../../simulate/checks/41-toolchain";
import {
  fail,
  pass,
  skip,
  unknown,
  warn,
  wholeOr,
  type CheckKind,
  type Conclusion,
  type Evidence,
  type StageRun,
} from "../../simulate/checks/types";
import { compareAccess, privilegedAccess, type AccessAttempt } from "../../simulate/privileged";
import { cutsIn, routesOf, type Cut, type Routes } from "../diamondCuts";
import type { ForeignEvidence, ForeignWorld } from "../types";

type Kind = CheckKind<ForeignWorld, ForeignEvidence>;
const UNMOVED = "the calls put no new code behind a proxy";
/** Bytes of runtime code (EIP-170), and the percentage of it from which a fix may not fit. */
const CODE_LIMIT = 24_576;
const NEAR = 95;
/** A word from here on, and below 2^160, is an address as a rule. */
const AN_ADDRESS = 1n << 128n;

/** A check that looks at new code, and has nothing to ask where there is none. */
function ofMoves(
  kind: Pick<Kind, "number" | "id" | "name"> & { isRequired?: boolean },
  conclude: (evidence: ForeignEvidence) => Conclusion | Promise<Conclusion>,
): Kind {
  return {
    isRequired: true,
    ...kind,
    begin: () => ({ conclude: (evidence) => (evidence.moves.length === 0 ? skip(UNMOVED) : conclude(evidence)) }),
  };
}

export const pointers: Kind = {
  number: 14,
  id: "pointers",
  name: "every proxy is left where a call says, and none is moved that no call names",
  isRequired: true,
  begin: () => {
    const cutWrong: string[] = [];
    const cutRight: string[] = [];
    return {
      // Whatever was written to may be a diamond, whether or not a call names it.
      async afterStage({ session, plan, driver }, { stage, block, trace }) {
        const { provider } = session.client;
        const cuts = cutsIn(plan.stages[stage.index]!.calls);
        for (const account of new Set(trace.writes.map((write) => getAddress(write.account)))) {
          if (driver.books.includes(account)) continue;
          const was = await routesOf(provider, account, block - 1);
          if (was === undefined) continue;
          const is = await routesOf(provider, account, block);
          const wrong = routesGoneWrong(account, was, is, cuts);
          cutWrong.push(...wrong);
          if (wrong.length === 0) cutRight.push(`${account}: ${was.size} functions in facets, then ${is!.size}`);
        }
      },
      async conclude({ notes, plan, runs, session, driver }) {
        const wrong = notes.stages.flatMap(({ index, after: left }) =>
          left.flatMap(({ account, slots }) => {
            const expected = pointerAfter(plan, account, index + 1);
            return expected === undefined || expected === slots.implementation
              ? []
              : [`${account}: a call says ${expected}, found ${slots.implementation}`];
          }),
        );
        const silent = runs.flatMap(({ trace }) =>
          trace.writes.flatMap(({ account, slot, after: word }) => {
            const name = Object.entries(SLOTS).find(([, one]) => one === slot)?.[0];
            if (name === undefined) return [];
            const value = getAddress(toBeHex(BigInt(word), 20));
            return name === "implementation" && pointerAfter(plan, account, plan.stages.length) === value
              ? []
              : [`${account}: its ${name} becomes ${value}, and no call says so`];
          }),
        );
        const isWhole = notes.stages.length === plan.stages.length;
        if (wrong.length + silent.length + cutWrong.length > 0)
          return fail([...wrong, ...silent, ...cutWrong], "the calls do something else than they say");
        const lines = [
          ...cutRight,
          ...(notes.final.length === 0 ? notes.initial : notes.final).map(
            ({ account, slots }) => `${account} at ${slots.implementation}`,
          ),
        ];
        const strange = await strangePointers(session, {
          runs,
          known: [...notes.initial.map(({ account }) => account), ...driver.books],
        });
        return strange.length > 0
          ? unknown([...strange, ...lines], "read whether that is what it runs: no way of proxies that is known here")
          : wholeOr(isWhole, lines);
      },
    };
  },
};

/** A diamond's facets are afterwards what the cuts say, and no others. */
function routesGoneWrong(account: string, was: Routes, is: Routes | undefined, cuts: readonly Cut[]): string[] {
  if (is === undefined) return [`${account}: its loupe does not answer any more`];
  const expected = new Map(was);
  for (const { target, facet, selectors } of cuts) {
    if (target !== account) continue;
    for (const selector of selectors) {
      if (facet === ZeroAddress) expected.delete(selector);
      else expected.set(selector, facet);
    }
  }
  return [...new Set([...expected.keys(), ...is.keys()])]
    .filter((selector) => expected.get(selector) !== is.get(selector))
    .map(
      (selector) =>
        `${account}: ${selector} is served by ${is.get(selector) ?? "nobody"}, by the calls it were ${expected.get(selector) ?? "nobody"}`,
    );
}

/** Words that hold code's address before and after, in accounts that delegate and are no proxies by a way that is known. */
async function strangePointers(
  { client }: Pick<ForeignWorld["session"], "client">,
  { runs, known }: { runs: readonly StageRun[]; known: readonly string[] },
): Promise<string[]> {
  const skipped = new Set(known.map((account) => getAddress(account)));
  const found: string[] = [];
  for (const { account, slot, before, after } of runs.flatMap(({ trace }) => trace.writes)) {
    const [was, is] = [BigInt(before), BigInt(after)];
    if (skipped.has(getAddress(account)) || is < AN_ADDRESS || is >> 160n !== 0n || was >> 160n !== 0n) continue;
    const to = getAddress(toBeHex(is, 20));
    const [own, code] = await Promise.all([client.provider.getCode(account), client.provider.getCode(to)]);
    if (code === "0x" || !reachable(own).ops.some(({ op }) => op === DELEGATECALL)) continue;
    found.push(`${account} delegates, and its slot ${slot} becomes ${to}`);
  }
  return found;
}

export const code: Kind = {
  number: 15,
  id: "code",
  name: "accounts that are called run the code that they ran at the pinned block, and no key moves it",
  isRequired: true,
  begin: () => ({
    conclude: async ({ session, notes, moves, plan }) => {
      const { provider } = session.client;
      const called = new Set(plan.stages.flatMap(({ calls }) => calls.map(({ target }) => getAddress(target))));
      const wrong: string[] = [];
      const lines: string[] = [];
      for (const account of [...called, ...moves.map(({ to }) => to)]) {
        const found = await provider.getCode(account);
        if (found.startsWith("0xef0100"))
          wrong.push(`${account} delegates to 0x${found.slice(8)}: its key moves its code`);
      }
      const changed = notes.stages.flatMap(({ pins }) => pins.filter(({ isOk }) => !isOk));
      wrong.push(
        ...changed.map(
          ({ account, expected, actual }) => `${account}: ${expected} at the pinned block, ${actual} when it is called`,
        ),
      );
      for (const { to, after } of moves) {
        const hash = keccak256(await provider.getCode(to));
        lines.push(
          `new code ${to}: ${after?.contract === undefined ? "no build at hand gives it" : `what ${after.contract} builds`}, hash ${hash}`,
        );
      }
      lines.push(`${called.size} accounts called`);
      if (wrong.length > 0) return fail([...wrong, ...lines], "find out who changes that account's code, and when");
      return moves.some(({ after }) => after?.contract === undefined)
        ? unknown(lines, "compile the sources that the proposal names, so that its code can be compared")
        : pass(...lines);
    },
  }),
};

export const source = ofMoves(
  {
    number: 16,
    id: "source",
    name: "the sources at hand are those that the new code was compiled from",
    isRequired: false,
  },
  async ({ moves, remote }) => {
    const lines: string[] = [];
    const wrong: string[] = [];
    let isOpen = false;
    for (const { to, after } of moves) {
      const stated = after?.metadata?.ipfs;
      const build =
        after?.contract === undefined
          ? undefined
          : await remote.artifacts.sources?.(after.contract).catch(() => undefined);
      if (stated === undefined || build === undefined) {
        isOpen = true;
        lines.push(
          `${to}: ${stated === undefined ? "its code ends without the hash of its metadata" : "no build at hand, so no source"}`,
        );
        continue;
      }
      const made = ipfsHash(build.metadata);
      if (made !== stated) wrong.push(`${to}: its code names the metadata ${stated}, the build at hand makes ${made}`);
      else if (build.edited.length > 0) wrong.push(`${to}: edited since it was compiled: ${build.edited.join(", ")}`);
      else lines.push(`${to}: metadata ${stated}`);
    }
    if (wrong.length > 0) return fail([...wrong, ...lines], "compile the very sources that the proposal names");
    return isOpen
      ? unknown(lines, "no explorer is asked: compile the sources that the proposal names")
      : pass(...lines);
  },
);

export const storage = ofMoves(
  { number: 18, id: "storage", name: "the new code reads what the old code stored as what it was", isRequired: false },
  async ({ moves, remote }) => {
    const open: string[] = [];
    const broken: string[] = [];
    const told: string[] = [];
    for (const { account, before, after } of moves) {
      const [old, next] = await Promise.all(
        [before, after].map(async (side) =>
          side?.contract === undefined ? undefined : remote.artifacts.layout?.(side.contract),
        ),
      );
      if (old === undefined || next === undefined) {
        open.push(`${account}: no layout at hand of ${old === undefined ? "the old" : "the new"} code`);
        continue;
      }
      for (const { isBroken, where, before: was, after: is, kind } of compareUpgrade(old, next)) {
        (isBroken ? broken : told).push(`${account}, ${where}: ${was}, then ${is} (${kind})`);
      }
    }
    if (broken.length > 0)
      return fail([...broken, ...told, ...open], "what is stored would be read as something else: do not vote for it");
    if (open.length > 0)
      return unknown([...open, ...told], "compile both codes, so that their layouts can be compared");
    return told.length > 0
      ? warn(told, "see that each of these still means the same")
      : pass("every field and every namespace where it was");
  },
);

/** A plan's check, asked of each new code as if a plan replaced with it the code that serves. */
function ofEach(kind: CheckKind, name: string): Kind {
  const { number, id, isRequired } = kind;
  return ofMoves({ number, id, name, isRequired }, async (evidence) => {
    const { client } = evidence.session;
    const answers: Conclusion[] = [];
    for (const { account, from, to, after, before } of evidence.moves) {
      // Code that came beside other code replaces none.
      const stable = from === ZeroAddress ? account : from;
      const contractName = after?.contract ?? to;
      const code = await client.provider.getCode(to);
      const built = {
        deployments: [{ role: "candidate", contractName, address: to, code }],
        explain: { stable },
        abis: { candidate: after?.abi ?? new Interface([]), stable: before?.abi },
      };
      // It reads no more of a plan than this.
      const asPlan = { ...evidence, built, module: account } as unknown as Evidence;
      const run = kind.begin();
      await run.end?.(asPlan);
      answers.push(await run.conclude(asPlan));
    }
    const order = ["fail", "inconclusive", "warn", "pass", "skip"] as const;
    const status = order.find((one) => answers.some((answer) => answer.status === one))!;
    const worst = answers.find((answer) => answer.status === status)!;
    return { status, remedy: worst.remedy, evidence: [...new Set(answers.flatMap((answer) => answer.evidence))] };
  });
}

export const opcodes = ofEach(planOpcodes, "no new code destroys itself, or runs more foreign code than the old one");

export const exposure = ofEach(planExposure, "by no new function does a stranger move what a proxy holds or may spend");

export const toolchain = ofEach(planToolchain, "new code was compiled as the code that it replaces");

export const selectors = ofMoves({ number: 20, id: "selectors", name: "no function is lost" }, ({ built }) => {
  const diffs = built.impact.selectors;
  const gone = diffs.flatMap(({ account, removed }) =>
    removed.map(({ selector, signature }) => `${account} loses ${signature ?? selector}`),
  );
  const lines = [
    ...gone,
    ...diffs.map(
      ({ account, added, removed, changed, basis }) =>
        `${account}: ${added.length} functions more, ${removed.length} less, ${changed.length} changed, by ${basis}`,
    ),
  ];
  if (diffs.some(({ basis }) => basis === "unknown"))
    return unknown(lines, "the code has no dispatch table that is read here");
  return gone.length > 0 ? warn(lines, "whoever calls these reverts from then on: tell integrators") : pass(...lines);
});

export const size = ofMoves(
  { number: 31, id: "size", name: "new code fits into its limit, with room for a fix" },
  async ({ moves, session }) => {
    const sizes = await Promise.all(
      moves.map(async ({ to }) => ({ to, bytes: dataLength(await session.client.provider.getCode(to)) })),
    );
    const lines = sizes.map(({ to, bytes }) => `${to}: ${bytes} of ${CODE_LIMIT} bytes`);
    return sizes.some(({ bytes }) => bytes * 100 >= CODE_LIMIT * NEAR)
      ? warn(lines, "a fix may not fit")
      : pass(...lines);
  },
);

/** A stranger calls every initialiser that the builds at hand know, before and after. */
export const initializers: Kind = {
  number: 17,
  id: "initializers",
  name: "no stranger can initialise new code, or a proxy that got it",
  isRequired: true,
  begin: () => {
    const before: string[] = [];
    const after: string[] = [];
    let tries = 0;
    const tryAt = async (
      { session }: ForeignWorld,
      target: string,
      place: string,
      abi: CodeMoveAbi,
    ): Promise<string[]> => {
      if (abi === undefined || initializersOf(abi).length === 0) return [];
      tries++;
      try {
        await checkInitializers(session.client, {
          abi,
          knownCalls: [],
          target,
          someContract: target,
          before: [],
          place,
          where: target,
        });
        return [];
      } catch (thrown) {
        if (!(thrown instanceof SlipwayError) || thrown.errorName !== "InitializerOpen") throw thrown;
        return [`${thrown.facts.expected ?? ""}, but ${thrown.facts.found ?? ""}`];
      }
    };
    return {
      async start(world) {
        for (const { account, before: side } of world.moves)
          before.push(...(await tryAt(world, account, "the proxy", side?.abi)));
      },
      async end(world) {
        for (const { account, to, after: side } of world.moves) {
          after.push(...(await tryAt(world, to, "the implementation", side?.abi)));
          if (world.notes.final.length > 0) after.push(...(await tryAt(world, account, "the proxy", side?.abi)));
        }
      },
      conclude({ moves, notes }) {
        if (moves.length === 0) return skip(UNMOVED);
        const lines = [
          `${tries} times all initialisers of an account were called by two strangers`,
          ...after,
          ...before.map((line) => `today already: ${line}`),
        ];
        if (after.length > 0) return fail(lines, "initialise it in the same transaction, and lock the implementation");
        if (moves.some(({ after: side }) => side?.abi === undefined))
          return unknown(lines, "no ABI of the new code at hand: compile it");
        return before.length > 0
          ? warn(lines, "it is open today: close it with this batch")
          : wholeOr(notes.final.length > 0, lines);
      },
    };
  },
};
type CodeMoveAbi = NonNullable<ForeignWorld["moves"][number]["after"]>["abi"];

export const access: Kind = {
  number: 38,
  id: "access",
  name: "nobody gets past a privileged function who was refused before, and the executor is refused nothing new",
  isRequired: true,
  begin: () => {
    const before = new Map<string, AccessAttempt[]>();
    const after = new Map<string, AccessAttempt[]>();
    const askAll = async ({ session, moves, timelock, actors }: ForeignWorld, into: Map<string, AccessAttempt[]>) => {
      const callers = [
        { role: "executor", account: timelock },
        { role: "stranger", account: actors.stranger },
      ];
      for (const { account, after: side } of moves) {
        if (side?.abi !== undefined)
          into.set(account, await privilegedAccess(session.client, { account, abi: side.abi, callers }));
      }
    };
    return {
      start: (world) => askAll(world, before),
      end: (world) => (world.notes.final.length > 0 ? askAll(world, after) : Promise.resolve()),
      conclude({ moves, notes, loaded }) {
        if (moves.length === 0) return skip(UNMOVED);
        const meant = loaded.plan.expect?.power ?? [];
        const changes = [...after].flatMap(([account, rows]) =>
          compareAccess(before.get(account) ?? [], rows, (change) =>
            meant.some(({ on, to }) => on === account && to === change.account),
          ).map((change) => ({ ...change, proxy: account })),
        );
        const gained = changes.filter((one) => one.before === "refused" && one.after === "allowed");
        const lost = changes.filter((one) => one.role === "executor" && one.before === "allowed");
        // Refused before, and now stopped by something else than a refusal, if at all.
        const unclear = changes.filter((one) => one.before === "refused" && one.after === "reverted");
        const lines = changes.map(
          ({ proxy, signature, role, before: was, after: is }) =>
            `${proxy}, ${signature} by the ${role}: ${was}, then ${is}`,
        );
        if (gained.length + lost.length > 0) {
          return fail(lines, "find out which guard was lost; if it is meant, state the account under expect.power");
        }
        if (moves.some(({ after: side }) => side?.abi === undefined))
          return unknown(lines, "no ABI of the new code at hand: compile it");
        if (unclear.length > 0) return warn(lines, "what refuses them now is no refusal by name: read that function");
        return wholeOr(notes.final.length > 0, lines.length === 0 ? ["nobody's access changes"] : lines);
      },
    };
  },
};

/** Who may put code behind the proxies besides the account whose calls these are. */
export const admins: Kind = {
  number: 39,
  id: "admins",
  name: "nobody but the executor may change the proxies that are called",
  isRequired: true,
  begin: () => {
    let found: Admin[] = [];
    return {
      async end({ session, notes, timelock }) {
        const { provider } = session.client;
        const all = await Promise.all(
          notes.initial.map(({ account }) => adminsAt(provider, { of: `module ${account}`, account, timelock })),
        );
        found = all.flat();
      },
      async conclude({ session, notes }) {
        if (notes.initial.length === 0) return skip("the calls are about no proxy");
        const { chainId } = await session.client.provider.getNetwork();
        const findings = judgeAdmins(found, { isProduction: isProductionChain(chainId) });
        const lines = [
          `${found.length} places of power looked at`,
          ...findings.map(({ why, as, account }) => `${why}: ${as} ${account}`),
        ];
        if (findings.length === 0) return pass(...lines);
        const remedy = "hand it over to the executor: what is decided for it, others can undo without a vote";
        return findings.some(({ status }) => status === "fail") ? fail(lines, remedy) : warn(lines, remedy);
      },
    };
  },
};
