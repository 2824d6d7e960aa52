import { FunctionFragment, Interface } from "ethers";
import { opText } from "../plan/probe";
import type { Probe } from "../plan/types";
import { RightKind, type Condition } from "./types";

/** Getters that conditions ask most; anything else is shown by its selector. */
const KNOWN = new Interface([
  "function balanceOf(address)",
  "function totalSupply()",
  "function totalAssets()",
  "function convertToAssets(uint256)",
  "function owner()",
]);

/** "0x….balanceOf(0x…) >= 0x….totalSupply()". */
export function conditionText(condition: Condition): string {
  const right = {
    [RightKind.Constant]: () => String(condition.constantValue),
    [RightKind.Probe]: () => probeText(condition.right),
    [RightKind.Before]: () => "before",
    [RightKind.AtPropose]: () => "at propose",
  }[condition.rightKind]();
  const slack = [
    condition.tolerance === 0n ? "" : `${condition.tolerance}`,
    condition.toleranceBps === 0 ? "" : `${condition.toleranceBps / 100}%`,
  ].filter((part) => part !== "");
  const tolerance = slack.length === 0 ? "" : `, tolerance ${slack.join(" + ")}`;
  return `${probeText(condition.left)} ${opText(condition.op)} ${right}${tolerance}`;
}

function probeText({ target, data }: Probe): string {
  const fragment: FunctionFragment | null = KNOWN.getFunction(data.slice(0, 10));
  if (fragment === null) return `${target}.${data}`;
  return `${target}.${fragment.name}(${KNOWN.decodeFunctionData(fragment, data).map(String).join(", ")})`;
}
