import { Interface, type FunctionFragment, type ParamType } from "ethers";
import { derivedAddress, simulateSequence } from "../../chain/simulateSequence";
import { dispatchedSelectors } from "../../impact/selectors";
import { functionsOf } from "../../plan/abi";
import { plausibleValue } from "../../plan/checkInitializers";
import { outerCalls, placesOf, pluggedOf, type Plugged } from "../plugged";
import { stakesOf, type Stake } from "../stakes";
import { fail, pass, skip, unknown, type CheckKind, type World } from "./types";

const TOKEN = new Interface([
  "function balanceOf(address) view returns (uint256)",
  "function transfer(address to, uint256 amount)",
  "function transferFrom(address from, address to, uint256 amount)",
]);
const STRANGER = derivedAddress("slipway.stranger.1");
/** Calls of one request, and of one rehearsal. */
const BATCH = 50;
const MOST = 600;

/** Not required: an endpoint that gives no logs leaves nothing to look for. */
export const exposure: CheckKind = {
  number: 40,
  id: "exposure",
  name: "by no new function or code does a stranger move what the module holds, may spend or issued to others",
  isRequired: false,
  begin: () => {
    let found: { evidence: string[]; taken: string[] } | undefined;
    let why = "the rehearsal ended before the candidate served";
    return {
      async end(world) {
        if (world.notes.final.length === 0) return;
        const functions = await newFunctions(world);
        const plugged = await pluggedOf(world);
        if (functions.length + plugged.length === 0) {
          return void (why = "the candidate has no new function that changes state, and the plan plugs no code in");
        }
        const stakes = await stakesOf(world.session.client, world.module, world.session.fork.block).catch(
          (thrown: Error) => void (why = `logs could not be read: ${thrown.message.slice(0, 120)}`),
        );
        if (stakes !== undefined) found = await tryAll(world, { functions, plugged }, stakes);
      },
      conclude({ loaded }) {
        if (found === undefined) {
          return why.startsWith("the candidate") ? skip(why) : unknown([why], "use an endpoint that gives logs");
        }
        const { evidence, taken } = found;
        if (taken.length === 0) return pass(...evidence);
        return fail(
          [...evidence, ...taken],
          `guard the function; a payment that is meant is stated under expect.flows${loaded.plan.expect === undefined ? "" : ", with token and from"}`,
        );
      },
    };
  },
};

/** Those of the candidate that the code which serves today has not. */
async function newFunctions({ built, session }: World): Promise<FunctionFragment[]> {
  const { candidate, stable } = built.abis;
  const old = new Set([
    ...(stable === undefined ? [] : functionsOf(stable).map(({ selector }) => selector)),
    ...dispatchedSelectors(await session.client.provider.getCode(built.explain.stable)),
  ]);
  return functionsOf(candidate).filter(({ constant, selector }) => !constant && !old.has(selector));
}

/** A call that is tried, and what is said of it where it takes. */
interface Attempt {
  name: string;
  data: string;
}

async function tryAll(
  world: World,
  { functions, plugged }: { functions: readonly FunctionFragment[]; plugged: readonly Plugged[] },
  stakes: readonly Stake[],
) {
  const { session, module, loaded, built } = world;
  const stated = loaded.plan.expect?.flows ?? [];
  const open = stakes.filter(
    ({ token, holder }) => !stated.some((flow) => flow.token === token && flow.from === holder),
  );
  // Those that may hand their bytes on; new ones are among them.
  const takers = functionsOf(built.abis.candidate).filter(
    ({ constant, inputs }) => !constant && inputs.some(({ type }) => type === "bytes"),
  );
  const taken: string[] = [];
  let tries = 0;
  for (const stake of open) {
    const { token, holder, kind } = stake;
    const attempts = [
      ...functions.flatMap((fragment) =>
        callsOf(fragment, stake, module).map((data): Attempt => ({ name: fragment.format("sighash"), data })),
      ),
      ...nested(world, takers, plugged, stake),
    ];
    const calls = attempts.map(({ name, data }) => ({ name, sender: STRANGER, target: module, data }));
    const balance = { sender: STRANGER, target: token, data: TOKEN.encodeFunctionData("balanceOf", [holder]) };
    for (let from = 0; from < calls.length && tries < MOST; from += BATCH) {
      const batch = calls.slice(from, from + BATCH);
      tries += batch.length;
      const steps = [balance, ...batch.flatMap(({ sender, target, data }) => [{ sender, target, data }, balance])];
      const outcomes = await simulateSequence(session.client, steps);
      const held = outcomes.filter((_, i) => i % 2 === 0).map(({ result }) => BigInt(result));
      batch.forEach(({ name }, i) => {
        if (held[i + 1]! >= held[i]!) return;
        const how = `${name} by a stranger: ${holder} loses ${token}, ${KINDS[kind]}`;
        if (!taken.includes(how)) taken.push(how);
      });
    }
  }
  const evidence = [
    `${functions.length} new functions, ${plugged.length} codes plugged in, ${stakes.length} holdings that depend on the module, ${tries} calls by a stranger`,
    ...(tries >= MOST ? [`no more than ${MOST} calls were tried`] : []),
  ];
  return { evidence, taken };
}

/** Calls of the plugged code's functions, inside the bytes of a function of the module that may hand them on. */
function nested(
  world: World,
  takers: readonly FunctionFragment[],
  plugged: readonly Plugged[],
  stake: Stake,
): Attempt[] {
  const places = placesOf(world);
  return plugged.flatMap(({ account, functions }) =>
    functions.flatMap(({ name, selector, fragment }) =>
      callsOf(fragment, stake, world.module).flatMap((encoded) => {
        const inner = { account, data: selector + encoded.slice(10) };
        return takers.flatMap((outer) =>
          outerCalls(outer, inner, { places, module: world.module }).map((data) => ({
            name: `${outer.format("sighash")} with ${name} of ${account} in its bytes`,
            data,
          })),
        );
      }),
    ),
  );
}

const KINDS: Record<Stake["kind"], string> = {
  held: "which the module held",
  allowed: "which it let the module spend",
  issued: "which the module issued",
};

/** Every place of an address is the token, the holder and the stranger in turn; bytes are a call of the token that takes. */
function callsOf(fragment: FunctionFragment, { token, holder }: Stake, module: string): string[] {
  const people = [token, holder, STRANGER];
  const takes = [
    TOKEN.encodeFunctionData("transferFrom", [holder, STRANGER, 1n]),
    TOKEN.encodeFunctionData("transfer", [STRANGER, 1n]),
  ];
  const choices = fragment.inputs.map((input: ParamType): unknown[] => {
    if (input.type === "address") return people;
    if (input.type === "bytes") return takes;
    return [plausibleValue(input, module)];
  });
  const combinations = choices.reduce<unknown[][]>(
    (all, choice) =>
      all.length >= 81
        ? all.map((one) => [...one, choice[0]])
        : all.flatMap((one) => choice.map((value) => [...one, value])),
    [[]],
  );
  const abi = new Interface([fragment]);
  return combinations.map((values) => abi.encodeFunctionData(fragment, values));
}
