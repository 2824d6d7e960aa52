import { getAddress, type Interface } from "ethers";
import { isTransfer } from "../journeys/runJourneys";
import { refusalOf, type Sent } from "../sendAs";

/** How a transaction may differ, the worst first. */
export const KINDS = ["revert", "value", "accepts", "reason", "returned", "events"] as const;
export type DifferenceKind = (typeof KINDS)[number];

export interface ReplayDifference {
  kind: DifferenceKind;
  text: string;
  /** An error that the plan says it brings. */
  isExpected: boolean;
}

/**
 * Where one transaction came out otherwise: refused by the candidate alone, other token transfers, accepted by the candidate
 * alone, refused for another reason, other returned data, other events.
 */
export function compareSent(
  stable: Sent,
  candidate: Sent,
  { errors, expectedErrors }: { errors: readonly Interface[]; expectedErrors: readonly string[] },
): ReplayDifference[] {
  const refusal = (sent: Sent) => refusalOf(sent.output, errors);
  if (!candidate.isOk) {
    const { name, text } = refusal(candidate);
    const isExpected = expectedErrors.includes(name);
    if (stable.isOk) return [{ kind: "revert", text, isExpected }];
    const was = refusal(stable);
    return was.text === text ? [] : [{ kind: "reason", text: `${was.text} on stable, ${text}`, isExpected }];
  }
  if (!stable.isOk) return [{ kind: "accepts", text: `${refusal(stable).text} on stable`, isExpected: false }];
  const found: ReplayDifference[] = [];
  const transfers = [stable, candidate].map((sent) => sent.logs.filter(isTransfer).map(logText));
  if (isOther(transfers)) {
    found.push({ kind: "value", text: `transfers: ${firstOther(transfers)}`, isExpected: false });
  }
  const others = [stable, candidate].map((sent) => sent.logs.filter((log) => !isTransfer(log)).map(logText));
  if (isOther(others)) found.push({ kind: "events", text: firstOther(others), isExpected: false });
  if (stable.output !== candidate.output) {
    found.push({
      kind: "returned",
      text: `${short(stable.output)} on stable, ${short(candidate.output)}`,
      isExpected: false,
    });
  }
  return found;
}

function logText({ address, topics, data }: Sent["logs"][number]): string {
  return `${getAddress(address)} ${topics.join(" ")} ${data}`;
}

function isOther([a, b]: string[][]): boolean {
  return a!.join("\n") !== b!.join("\n");
}

/** The first log that the two have not in common. */
function firstOther([a, b]: string[][]): string {
  const at = Array.from({ length: Math.max(a!.length, b!.length) }, (_, i) => i).find((i) => a![i] !== b![i]) ?? 0;
  return `${a!.length} on stable, ${b!.length}; the first other one: ${a![at] ?? "none"} on stable, ${b![at] ?? "none"}`;
}

function short(data: string): string {
  return data.length <= 66 ? data : `${data.slice(0, 66)}… (${data.length / 2 - 1} bytes)`;
}
