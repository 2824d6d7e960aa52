import { dataSlice, getAddress, id, toQuantity, zeroPadValue } from "ethers";
import type { Client } from "../client";

const TRANSFER = id("Transfer(address,address,uint256)");
const APPROVAL = id("Approval(address,address,uint256)");
/** Blocks before the rehearsal's in which logs are looked for: endpoints refuse more. */
const WINDOW = 50_000;
/** Of each kind, the latest ones. */
const MOST = 8;

/** Tokens that depend on what an account does: its own, those of who lets it spend them, and those that it issued. */
export interface Stake {
  kind: "held" | "allowed" | "issued";
  token: string;
  holder: string;
  amount: bigint;
}

/** What tokens' logs of late say of an account, as far as it still stands. */
export async function stakesOf({ provider }: Client, account: string, block: number): Promise<Stake[]> {
  const word = zeroPadValue(account, 32);
  const range = { fromBlock: toQuantity(Math.max(0, block - WINDOW)), toBlock: "latest" };
  const logs = async (filter: object) =>
    (await provider.send("eth_getLogs", [{ ...range, ...filter }])) as { address: string; topics: string[] }[];
  const [held, allowed, issued] = await Promise.all([
    logs({ topics: [TRANSFER, null, word] }),
    logs({ topics: [APPROVAL, null, word] }),
    logs({ address: account, topics: [TRANSFER] }),
  ]);
  const holderOf = (topic: string | undefined) => getAddress(dataSlice(topic ?? word, 12));
  const found = [
    ...latest(held.map(({ address }) => ({ kind: "held" as const, token: getAddress(address), holder: account }))),
    ...latest(
      allowed.map(({ address, topics }) => ({
        kind: "allowed" as const,
        token: getAddress(address),
        holder: holderOf(topics[1]),
      })),
    ),
    ...latest(issued.map(({ topics }) => ({ kind: "issued" as const, token: account, holder: holderOf(topics[2]) }))),
  ];
  const ask = async (to: string, signature: string, ...words: string[]): Promise<bigint> => {
    const data = id(signature).slice(0, 10) + words.map((one) => zeroPadValue(one, 32).slice(2)).join("");
    const answer = await provider.call({ to, data, gasLimit: 200_000n }).catch(() => "0x");
    return answer.length === 66 ? BigInt(answer) : 0n;
  };
  const stakes = await Promise.all(
    found.map(async (one): Promise<Stake> => {
      const { kind, token, holder } = one;
      const [balance, allowance] = await Promise.all([
        ask(token, "balanceOf(address)", holder),
        kind === "allowed" ? ask(token, "allowance(address,address)", holder, account) : (1n << 256n) - 1n,
      ]);
      return { ...one, amount: balance < allowance ? balance : allowance };
    }),
  );
  return stakes.filter(({ amount }) => amount > 0n);
}

function latest<T extends { token: string; holder: string }>(all: readonly T[]): T[] {
  const known = new Map([...all].reverse().map((one) => [`${one.token} ${one.holder}`, one]));
  return [...known.values()].filter(({ holder }) => BigInt(holder) !== 0n).slice(0, MOST);
}
