import { dataLength, getAddress, keccak256, toBeHex } from "ethers";
import { ipfsHash } from "../../bytecode/ipfsHash";
import { CALLCODE, reachable, SELFDESTRUCT } from "../../bytecode/reachable";
import { SLOTS } from "../../chain/erc1967";
import { SlipwayError } from "../../errors";
import { compareUpgrade } from "../../layout/compareUpgrade";
import { checkInitializers, initializersOf } from "../../plan/checkInitializers";
import { pointerAfter } from "../../plan/pointerAfter";
import { fail, pass, skip, unknown, warn, wholeOr, type CheckKind, type Conclusion } from "../../simulate/checks/types";
import { compareAccess, privilegedAccess, type AccessAttempt } from "../../simulate/privileged";
import type { ForeignEvidence, ForeignWorld } from "../types";

type Kind = CheckKind<ForeignWorld, ForeignEvidence>;
const UNMOVED = "the calls put no new code behind a proxy";
/** Bytes of runtime code (EIP-170), and the percentage of it from which a fix may not fit. */
const CODE_LIMIT = 24_576;
const NEAR = 95;

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
  begin: () => ({
    conclude: ({ notes, plan, runs }) => {
      const wrong = notes.stages.flatMap(({ index, after }) =>
        after.flatMap(({ account, slots }) => {
          const expected = pointerAfter(plan, account, index + 1);
          return expected === undefined || expected === slots.implementation
            ? []
            : [`${account}: a call says ${expected}, found ${slots.implementation}`];
        }),
      );
      const silent = runs.flatMap(({ trace }) =>
        trace.writes.flatMap(({ account, slot, after }) => {
          const name = Object.entries(SLOTS).find(([, one]) => one === slot)?.[0];
          if (name === undefined) return [];
          const value = getAddress(toBeHex(BigInt(after), 20));
          return name === "implementation" && pointerAfter(plan, account, plan.stages.length) === value
            ? []
            : [`${account}: its ${name} becomes ${value}, and no call says so`];
        }),
      );
      if (wrong.length + silent.length > 0)
        return fail([...wrong, ...silent], "the calls do something else than they say");
      return wholeOr(
        notes.stages.length === plan.stages.length,
        (notes.final.length === 0 ? notes.initial : notes.final).map(
          ({ account, slots }) => `${account} at ${slots.implementation}`,
        ),
      );
    },
  }),
};

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

export const opcodes = ofMoves(
  { number: 19, id: "opcodes", name: "no new code destroys itself" },
  async ({ moves, session }) => {
    const deadly: string[] = [];
    const possible: string[] = [];
    const lines: string[] = [];
    for (const { to } of moves) {
      const { ops, isComplete } = reachable(await session.client.provider.getCode(to));
      const bad = ops.filter(({ op }) => op === SELFDESTRUCT || op === CALLCODE);
      (isComplete ? deadly : possible).push(
        ...bad.map(({ op, pc }) => `${to}: ${op === SELFDESTRUCT ? "SELFDESTRUCT" : "CALLCODE"} at byte ${pc}`),
      );
      lines.push(
        `${to}: ${ops.length} opcodes ${isComplete ? "can be reached" : "may be code, for some jumps are computed"}`,
      );
    }
    if (deadly.length > 0) return fail([...deadly, ...lines], "behind a proxy it can end the contract");
    return possible.length > 0
      ? unknown([...possible, ...lines], "see by its source whether anything leads there")
      : pass(...lines);
  },
);

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
  name: "nobody gets past a privileged function who was refused before",
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
      conclude({ moves, notes }) {
        if (moves.length === 0) return skip(UNMOVED);
        const changes = [...after].flatMap(([account, rows]) =>
          compareAccess(before.get(account) ?? [], rows).map((change) => ({ ...change, proxy: account })),
        );
        const bad = changes.filter(
          (one) => one.before === "refused" && one.after === "allowed" && one.role === "stranger",
        );
        const lines = changes.map(
          ({ proxy, signature, role, before: was, after: is }) =>
            `${proxy}, ${signature} by the ${role}: ${was}, then ${is}`,
        );
        if (bad.length > 0) return fail(lines, "find out which guard was lost");
        if (moves.some(({ after: side }) => side?.abi === undefined))
          return unknown(lines, "no ABI of the new code at hand: compile it");
        return wholeOr(notes.final.length > 0, lines.length === 0 ? ["nobody's access changes"] : lines);
      },
    };
  },
};
