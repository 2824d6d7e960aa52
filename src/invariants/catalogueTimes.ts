import type { Registry } from "../registry/connect";
import { revertData } from "../registry/decodeRevert";

/** When a row was defined and retired (seconds; zero: live); undefined where the catalogue does not hold it. */
export async function catalogueTimes(
  registry: Registry,
  id: string,
): Promise<{ definedAt: bigint; retiredAt: bigint } | undefined> {
  try {
    const { definedAt, retiredAt } = await registry.contract.getFunction("invariantOf").staticCall(id);
    return { definedAt, retiredAt };
  } catch (cause) {
    const data = revertData(cause);
    if (data !== undefined && registry.iface.parseError(data)?.name === "InvariantUnknown") return undefined;
    throw cause;
  }
}
