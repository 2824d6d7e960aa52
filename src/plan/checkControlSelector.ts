import type { Interface } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { functionsOf } from "./abi";
import type { Candidate } from "./findCandidate";

/** No function of the protocol may share the one selector that the router takes. */
export async function checkControlSelector(
  client: Client,
  { abi, deployment }: Candidate,
  stable: string,
  routerAbi: Interface,
  where: string,
): Promise<void> {
  const { selector } = routerAbi.getFunction("traffic")!;
  const declared = functionsOf(abi).find((fragment) => fragment.selector === selector);
  // As the router's constructor looks for it: PUSH4, unless PUSH1 0xe0 SHL makes calldata of it. Stable's ABI is not at hand.
  const dispatch = new RegExp(`^0x(..)*63${selector.slice(2)}(?!60e01b)`);
  const isInStable = dispatch.test(await client.provider.getCode(stable));
  if (declared === undefined && !isInStable && !dispatch.test(deployment.code)) return;
  throw new SlipwayError("ControlSelectorClash", {
    where,
    expected: `no function with the selector ${selector}`,
    found:
      declared !== undefined
        ? `${declared.format("sighash")} of ${deployment.contractName}`
        : isInStable
          ? `it in the code of ${stable}`
          : `it in the code of ${deployment.contractName}`,
    next: "canary: none",
  });
}
