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
  // PUSH4: how every Solidity dispatcher names a selector. The stable code's ABI is not at hand.
  const dispatch = `63${selector.slice(2)}`;
  const isInStable = (await client.provider.getCode(stable)).includes(dispatch);
  if (declared === undefined && !isInStable && !deployment.code.includes(dispatch)) return;
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
