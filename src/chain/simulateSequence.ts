import { dataSlice, getAddress, id, Interface, toQuantity, ZeroAddress } from "ethers";
import type { Client } from "../client";

/** One call of a sequence; a `target` of undefined creates a contract from `data`. */
export interface SequenceStep {
  sender: string;
  target?: string;
  value?: bigint;
  data: string;
}

export interface SequenceOutcome {
  isOk: boolean;
  /** Return data or revert data; for a creation, the ABI encoding of its address and runtime code. */
  result: string;
}

/** Runs the sequence; nobody's account, so that no account's code is shadowed by it. */
const CONDUCTOR = derivedAddress("slipway.sequence.conductor");
const FUNDS = toQuantity(10n ** 30n);

/** An address that nobody holds a key of: a stranger to every protocol. */
export function derivedAddress(name: string): string {
  return getAddress(dataSlice(id(name), 12));
}

/**
 * What a sequence of calls from several senders would do now, in one `eth_call`. Each call sees what the ones before it
 * changed, and nothing is sent: state overrides put `CallSequence` at the senders. `placed` is further code to put somewhere.
 */
export async function simulateSequence(
  client: Client,
  steps: readonly SequenceStep[],
  placed: Readonly<Record<string, { code: string }>> = {},
): Promise<SequenceOutcome[]> {
  if (steps.length === 0) return [];
  const { request, overrides, read } = await sequenceRequest(client, steps);
  const answer = (await client.provider.send("eth_call", [request, "latest", { ...placed, ...overrides }])) as string;
  return read(answer);
}

/** The one call that runs a sequence, for whoever sends it together with others. */
export async function sequenceRequest(
  client: Pick<Client, "artifacts">,
  steps: readonly SequenceStep[],
): Promise<{
  request: { from: string; to: string; data: string };
  /** State that the call needs: code at the senders. */
  overrides: Record<string, { code: string; balance?: string }>;
  read(answer: string): SequenceOutcome[];
}> {
  const artifact = await client.artifacts.read("CallSequence");
  const abi = new Interface(artifact.abi);
  const code = { code: artifact.deployedBytecode };
  const overrides = Object.fromEntries(
    [...new Set([CONDUCTOR, ...steps.map((step) => step.sender)])].map((account) => [
      account,
      steps.some((step) => step.sender === account && (step.value ?? 0n) > 0n) ? { ...code, balance: FUNDS } : code,
    ]),
  );
  const data = abi.encodeFunctionData("run", [
    steps.map((step) => [step.sender, step.target ?? ZeroAddress, step.value ?? 0n, step.data]),
  ]);
  return {
    request: { from: derivedAddress("slipway.sequence.caller"), to: CONDUCTOR, data },
    overrides,
    read: (answer) => {
      const [outcomes] = abi.decodeFunctionResult("run", answer) as unknown as [[boolean, string][]];
      return outcomes.map(([isOk, result]) => ({ isOk, result }));
    },
  };
}
