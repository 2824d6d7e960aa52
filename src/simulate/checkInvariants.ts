import type { Lifecycle } from "./runLifecycle";
import type { InvariantRow } from "./types";

/** Every cited invariant as it stands now. One that compares with the moment before a stage is only known inside it. */
export function checkInvariants(
  { registry, proposalId, names }: Pick<Lifecycle, "registry" | "proposalId" | "names">,
  ids: readonly string[],
): Promise<InvariantRow[]> {
  return Promise.all(
    ids.map(async (id) => {
      const found = await registry.contract.getFunction("check")(proposalId, id);
      return {
        id,
        name: names.get(id) ?? id,
        isAvailable: Boolean(found.isAvailable),
        isOk: Boolean(found.isOk),
        left: found.left as bigint,
        right: found.right as bigint,
      };
    }),
  );
}
