import { AbiCoder, encodeBytes32String, FunctionFragment, Interface, keccak256 } from "ethers";
import type { Client } from "../client";
import { act, type Collected } from "../emergency/acts";
import { SlipwayError } from "../errors";
import { parseDuration, parseShare } from "../plan/units";
import type { Registry } from "../registry/connect";
import type { Performed, SendOptions } from "../registry/perform";
import { readLimits, type CanaryLimits } from "./limits";
import { canaryStatus } from "./status";

/** What may be tightened; just one at a time. */
export interface Tightening {
  /** Name of a lane to close. */
  pause?: string;
  /** How long nothing new enters, such as "2h". */
  drain?: string;
  /** A privileged function to refuse: signature or selector. */
  lock?: string;
  /** The cap that is left, of the policy's, such as "50%". */
  cap?: string;
  /** A smaller share, such as "1%". */
  share?: string;
}

/** A message for the router, with what it is called among people. */
export interface TighteningMessage {
  message: string;
  /** What council members approve. */
  subject: string;
  isDone(): Promise<boolean>;
}

/** The message for one tightening of a module's canary; refuses what the router has not. */
export async function tighteningOf(
  client: Client,
  registry: Registry,
  module: string,
  wanted: Tightening,
): Promise<TighteningMessage> {
  const stated = Object.entries(wanted).filter(([, value]) => value !== undefined) as [keyof Tightening, string][];
  const [first] = stated;
  if (first === undefined || stated.length > 1) {
    throw new SlipwayError("OptionInvalid", {
      where: "canary tighten",
      expected: "just one of --pause, --drain, --lock, --cap and --share",
      found: stated.map(([option]) => `--${option}`).join(", ") || "none",
    });
  }
  const status = await canaryStatus(client, registry, module);
  const limits = await readLimits(client, registry, module);
  const control = new Interface((await client.artifacts.read("ITrafficControl")).abi);
  const [option, text] = first;
  const [name, args, isSet] = MESSAGES[option](text, limits, status.share);
  const message = control.encodeFunctionData(name, args);
  const subject = keccak256(
    AbiCoder.defaultAbiCoder().encode(["bytes32", "bytes"], [encodeBytes32String(module), message]),
  );
  const isDone = async () => {
    const now = await client.provider.getBlock("latest");
    const { share } = await canaryStatus(client, registry, module);
    return isSet(await readLimits(client, registry, module), share, now?.timestamp ?? 0);
  };
  return { message, subject, isDone };
}

/** Sends it: by the incident key, or as a council member's approval. */
export function tighten(
  client: Client,
  registry: Registry,
  params: { module: string } & TighteningMessage & Collected & SendOptions,
): Promise<Performed> {
  const { module, message, subject, isDone } = params;
  return act(client, registry, {
    ...params,
    kind: "pause",
    subject,
    isOfProposal: false,
    encode: (tail) => registry.iface.encodeFunctionData("tighten", [encodeBytes32String(module), message, ...tail]),
    isDone,
  });
}

type Built = [name: string, args: unknown[], isSet: (limits: CanaryLimits, share: number, now: number) => boolean];

const MESSAGES: Record<keyof Tightening, (text: string, limits: CanaryLimits, share: number) => Built> = {
  pause(text, { lanes }) {
    const index = lanes.findIndex(({ name }) => name === text);
    const lane = lanes[index];
    if (lane === undefined) {
      throw refuse("pause", lanes.length === 0 ? "a canary with lanes" : `one of ${namesOf(lanes)}`, text);
    }
    return ["pauseLane", [index + 1, lane.isExit], (limits) => limits.lanes[index]!.isClosed];
  },
  drain(text) {
    const seconds = parseDuration(text);
    if (seconds === undefined || seconds === 0n || seconds > 2n ** 32n - 1n)
      throw refuse("drain", "a time such as 2h", text);
    return ["drain", [seconds], (limits, _share, now) => limits.drainDeadline > now];
  },
  lock(text) {
    const selector = selectorOf(text);
    return ["lockSelector", [selector], (limits) => limits.locked.includes(selector)];
  },
  cap(text, { capBps }) {
    const bps = shareOf(text);
    if (bps === undefined || bps >= capBps) throw refuse("cap", `less than ${capBps / 100}%`, text);
    return ["lowerCap", [bps], (limits) => limits.capBps <= bps];
  },
  share(text, _limits, current) {
    const bps = shareOf(text);
    if (bps === undefined || bps >= current) throw refuse("share", `less than ${current / 100}%`, text);
    return ["lowerShare", [bps], (_now, share) => share <= bps];
  },
};

/** Basis points; nothing at all is a share too. */
function shareOf(text: string): number | undefined {
  return /^0\s*%$/.test(text) ? 0 : parseShare(text);
}

function namesOf(lanes: CanaryLimits["lanes"]): string {
  return lanes.map(({ name }) => name).join(", ");
}

function selectorOf(text: string): string {
  if (/^0x[0-9a-fA-F]{8}$/.test(text)) return text.toLowerCase();
  try {
    return FunctionFragment.from(`function ${text}`).selector;
  } catch {
    throw refuse("lock", 'a signature such as "setOwner(address)", or a selector', text);
  }
}

function refuse(option: string, expected: string, found: string): SlipwayError {
  return new SlipwayError("OptionInvalid", { where: `--${option}`, expected, found });
}
