import { ZeroHash } from "ethers";
import type { Registry } from "../registry/connect";
import { conditionText } from "./conditionText";
import { RightKind, type Condition, type RightKind as RightKindValue } from "./types";

/** How an invariant stands now. */
export interface CheckedInvariant {
  id: string;
  name: string;
  /** `stage only`: it compares with the moment before a stage. `no baseline`: with the time of a proposal, and none is meant. */
  state: "holds" | "broken" | "unavailable" | "stage only" | "no baseline";
  condition: string;
  left: bigint;
  right: bigint;
}

/** Asks the registry how invariants stand, each once. A proposal gives `at propose` something to compare with. */
export async function checkInvariants(
  registry: Registry,
  ids: readonly string[],
  proposalId: string = ZeroHash,
): Promise<CheckedInvariant[]> {
  return Promise.all(
    [...new Set(ids)].map(async (id) => {
      const { invariant } = await registry.contract.getFunction("invariantOf").staticCall(id);
      const result = await registry.contract.getFunction("check").staticCall(proposalId, id);
      const condition = invariant.condition.toObject(true) as Condition;
      const rightKind = Number(condition.rightKind) as RightKindValue;
      return {
        id,
        name: invariant.name as string,
        state: stateOf(result, rightKind, proposalId),
        condition: conditionText({
          ...condition,
          rightKind,
          op: Number(condition.op) as Condition["op"],
          toleranceBps: Number(condition.toleranceBps),
        }),
        left: result.left as bigint,
        right: result.right as bigint,
      };
    }),
  );
}

function stateOf(
  { isAvailable, isOk }: { isAvailable: boolean; isOk: boolean },
  rightKind: RightKindValue,
  proposalId: string,
): CheckedInvariant["state"] {
  if (isAvailable) return isOk ? "holds" : "broken";
  if (rightKind === RightKind.Before) return "stage only";
  return rightKind === RightKind.AtPropose && proposalId === ZeroHash ? "no baseline" : "unavailable";
}
