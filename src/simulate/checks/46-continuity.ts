import { getAddress, id, Interface } from "ethers";
import { describeLayout } from "../../layout/describeLayout";
import { numberInName, type NumberedInitializer } from "../../layout/readInitializers";
import { slotOf, type Namespaces } from "../../layout/readNamespaces";
import { functionsOf } from "../../plan/abi";
import { settledFrames } from "../../trace/settledFrames";
import { codesOf, holdersOf, type ModuleCode } from "../moduleCode";
import {
  fail,
  pass,
  skip,
  unknown,
  warn,
  type CheckKind,
  type CheckRun,
  type Conclusion,
  type Evidence,
  type StageRun,
  type World,
} from "./types";

/** OpenZeppelin 5: a `uint64` in the lowest bytes. */
const INITIALIZABLE = slotOf("openzeppelin.storage.Initializable");
const SPACE = "openzeppelin.storage.Initializable";
const FIELD = /^_?(is)?initiali[sz]ed(Version)?$/i;
const INITIALIZED = [id("Initialized(uint64)"), id("Initialized(uint8)")];
/** What `_disableInitializers` writes. */
const LOCKED = [(1n << 64n) - 1n, (1n << 8n) - 1n];

interface Jump {
  holder: string;
  from: bigint;
  to: bigint;
  when: string;
}

/** Where a version stands in storage. */
interface Place {
  slot: bigint;
  offset: number;
  bytes: number;
}

/**
 * Initialisers of one version after the other run one after the other: once a later one has run, an earlier one can never run again, and what it
 * would have set stays at nothing.
 */
export const continuity: CheckKind = {
  number: 46,
  id: "continuity",
  name: "no version's initialiser is skipped: one that was can never run again",
  isRequired: false,
  begin: () => new ContinuityRun(),
};

class ContinuityRun implements CheckRun {
  private codes: { before: ModuleCode[]; after: ModuleCode[] } = { before: [], after: [] };
  private readonly first = new Map<string, bigint>();
  private readonly last = new Map<string, bigint>();
  private readonly jumps: Jump[] = [];
  private known: NumberedInitializer[] = [];

  async start(world: World): Promise<void> {
    const { before, after } = (this.codes = await codesOf(world));
    const { stable, candidate } = world.built.abis;
    this.known = [...initializersOf(before, stable), ...initializersOf(after, candidate)];
    for (const holder of holdersOf(world)) {
      const version = await versionOf(world, holder, before);
      this.first.set(holder, version);
      this.last.set(holder, version);
    }
  }

  async afterStage(world: World, { stage, trace }: StageRun): Promise<void> {
    const when = `stage ${stage.index} "${stage.label}"`;
    const codes = [...this.codes.before, ...this.codes.after];
    for (const holder of this.last.keys()) {
      const logged = stage.events
        .filter(({ account, topics }) => getAddress(account) === holder && INITIALIZED.includes(topics[0] ?? ""))
        .map(({ data }) => BigInt(data));
      const ran = [...settledFrames(trace.root)]
        .filter(({ type, from, to }) => (type === "DELEGATECALL" ? from : to) === holder)
        .flatMap(({ input }) => this.known.filter(({ selector }) => input.startsWith(selector)))
        .map(({ number }) => number);
      const reached = [...logged, ...ran, await versionOf(world, holder, codes)];
      // Whatever order they came in: one that ran is not skipped.
      for (const version of reached.sort((a, b) => (a < b ? -1 : 1))) this.reach(holder, version, when);
    }
  }

  conclude({ runs, plan }: Evidence): Conclusion {
    const { before, after } = this.codes;
    if (after.length === 0) return skip("the plan deploys nothing");
    const lines = [...this.last].map(([holder, to]) => `${holder}: version ${this.first.get(holder)} → ${to}`);
    const isBlind = after.some(({ initializers }) => initializers === undefined);
    const rows = this.jumps.map((jump) => {
      const { from, to, holder, when } = jump;
      const skipped = this.known.filter(({ number }) => from < number && number < to);
      const names = [...new Set(skipped.map(({ name, number }) => `${name} (${number})`))];
      const what = names.length > 0 ? names.join(", ") : "no initialiser of a version between is known";
      return {
        text: `${when}: ${holder} goes from version ${from} to ${to}, past ${what}`,
        jump,
        isKnown: names.length > 0,
      };
    });
    // A version that stood elsewhere before is not known to have been none.
    const isUnsure = before.some(({ layout }) => layout === undefined);
    const unsure = rows.filter(({ jump }) => isUnsure && jump.from === 0n);
    const wrong = rows.filter((row) => (row.isKnown || isBlind) && !unsure.includes(row));
    const evidence = [...rows.map(({ text }) => text), ...lines];
    if (wrong.length > 0) {
      return fail(evidence, "run the skipped initialisers in the same stage, in their order, before the later one");
    }
    if (unsure.length > 0) return unknown(evidence, "name the code that serves, with its build: upgrade.replaces");
    if (rows.length > 0) return warn(evidence, "see that nothing was to be set by the versions between");
    if ([...this.last.values()].every((version) => version === 0n)) {
      return skip("nothing at hand counts versions: neither ERC-7201's Initializable nor a field of such a name");
    }
    return runs.length === plan.stages.length
      ? pass(...evidence)
      : unknown(evidence, "the rehearsal ended before it could tell; mend what ended it");
  }

  private reach(holder: string, to: bigint, when: string): void {
    const from = this.last.get(holder) ?? 0n;
    // Nothing will be initialised any more, and nothing was skipped.
    if (LOCKED.includes(to)) return;
    if (to > from + 1n) this.jumps.push({ holder, from, to, when });
    if (to > from) this.last.set(holder, to);
  }
}

/** The highest of those that stand where a layout at hand keeps one; 1 of a flag that is set. */
async function versionOf({ session }: World, holder: string, codes: readonly ModuleCode[]): Promise<bigint> {
  const places = [
    { slot: BigInt(INITIALIZABLE), offset: 0, bytes: 8 },
    ...codes.flatMap(({ layout }) => placesOf(layout)),
  ];
  let version = 0n;
  for (const { slot, offset, bytes } of places) {
    const word = BigInt(await session.client.provider.getStorage(holder, slot));
    const value = (word >> BigInt(8 * offset)) & ((1n << BigInt(8 * bytes)) - 1n);
    if (value > version) version = value;
  }
  return version;
}

function placesOf(layout: Namespaces | undefined): Place[] {
  if (layout === undefined) return [];
  return describeLayout(layout)
    .filter(
      ({ name, type, space }) =>
        space !== SPACE && FIELD.test(name.split(".").at(-1)!) && /^(bool|uint\d+)$/.test(type),
    )
    .map(({ slot, offset, bytes }) => ({ slot: BigInt(slot), offset, bytes }));
}

/** By the build; where none is at hand, by the names of the ABI. */
function initializersOf(codes: readonly ModuleCode[], abi: Interface | undefined): NumberedInitializer[] {
  if (codes.every(({ initializers }) => initializers !== undefined)) {
    return codes.flatMap(({ initializers = [] }) => initializers);
  }
  return functionsOf(abi ?? new Interface([])).flatMap(({ name, constant, selector }) => {
    const number = constant ? undefined : numberInName(name);
    return number === undefined ? [] : [{ name, selector, number }];
  });
}
