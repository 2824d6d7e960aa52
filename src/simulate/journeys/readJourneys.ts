import type { FunctionFragment, Interface, ParamType } from "ethers";
import { encodeCall, functionOf, functionsOf, looseFunction } from "../../plan/abi";
import type { RawArgument } from "../../plan/fields";
import type { LoadedPlanFile } from "../../plan/readPlanFile";
import type { Journey } from "./types";

/** Stands for who makes the journey. */
const SELF = "self";

/**
 * Journeys of a plan file, their functions and arguments read: what does not fit ends the rehearsal before it begins, with the
 * line. `module` is called where no target is named.
 */
export function readJourneys({ plan, where }: LoadedPlanFile, module: string, abis: readonly Interface[]): Journey[] {
  return (plan.journeys ?? []).map((journey, i) => ({
    name: journey.name,
    users: typeof journey.as === "string" ? [journey.as] : journey.as,
    tolerance: journey.tolerance ?? 0,
    steps: journey.steps.map((step, j) => {
      const at = where("journeys", i, "steps", j, "call");
      const fragment = fragmentOf(step.call, abis, at);
      const args = step.args ?? [];
      const dataFor = (sender: string) => encodeCall(fragment, filled(fragment, args, sender), at);
      // Now, so that an error comes with its line before anything runs.
      dataFor(module);
      return {
        text: step.call,
        stated: `${step.call} ${JSON.stringify(args)}${step.expect === undefined ? "" : `, expecting ${step.expect}`}`,
        target: step.target ?? module,
        value: step.value ?? 0n,
        wait: step.wait ?? 0n,
        expect: step.expect,
        outputs: fragment.outputs,
        dataFor,
      };
    }),
  }));
}

/** By an ABI, which also tells what is returned; else by its signature alone. */
function fragmentOf(call: string, abis: readonly Interface[], where: string): FunctionFragment {
  const isSigned = call.includes("(");
  for (const abi of abis) {
    const known = functionsOf(abi).filter((one) => (isSigned ? one.format("sighash") === call : one.name === call));
    if (known.length === 1) return known[0]!;
  }
  return isSigned || abis[0] === undefined ? looseFunction(call, where) : functionOf(abis[0], call, where);
}

function filled(fragment: FunctionFragment, args: readonly RawArgument[], sender: string): RawArgument[] {
  return args.map((arg, i) => fill(fragment.inputs[i], arg, sender));
}

function fill(input: ParamType | undefined, arg: RawArgument, sender: string): RawArgument {
  if (input === undefined) return arg;
  if (Array.isArray(arg)) {
    const inner = (i: number) =>
      input.isArray() ? input.arrayChildren : input.isTuple() ? input.components[i] : undefined;
    return arg.map((item, i) => fill(inner(i), item, sender));
  }
  return input.type === "address" && arg === SELF ? sender : arg;
}
