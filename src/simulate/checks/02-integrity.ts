import { Contract, keccak256, type Result } from "ethers";
import { batchesOf, operationsOf } from "../../impact/readImpact";
import { hashPlan, subjectOf } from "../../plan/eip712";
import { toPlan } from "../../registry/readPlan";
import type { Answer } from "../types";
import { fail, pass, type CheckKind, type World } from "./types";

const TIMELOCK = [
  "function hashOperationBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt) view returns (bytes32)",
  "function isOperationDone(bytes32 id) view returns (bool)",
];

/** From the bytes that the proposer would send, every hash anew, here and by the contracts themselves. */
export const integrity: CheckKind = {
  number: 2,
  id: "integrity",
  name: "every hash of the plan recomputes from the bytes that are sent",
  isRequired: true,
  begin: () => {
    const evidence: string[] = [];
    const wrong: string[] = [];
    let plan: World["plan"] | undefined;
    return {
      start: async (world) => {
        const { registry, proposalId, built } = world;
        const bytes = registry.iface.encodeFunctionData("propose", [world.plan]);
        plan = toPlan(registry.iface.decodeFunctionData("propose", bytes)[0] as Result);
        const compare = (what: string, expected: string, found: string) => {
          evidence.push(`${what}: ${expected}`);
          if (expected !== found) wrong.push(`${what}: from the bytes it is ${found}`);
        };
        evidence.push(`calldata of propose: ${keccak256(bytes)}`);
        compare("plan, its evidence left out", built.subject, subjectOf(plan, registry.domain));
        compare("id of the proposal", proposalId, hashPlan(plan, registry.domain));
        compare("the same, as the registry computes it", proposalId, await idOf(world, plan));
        wrong.push(...(await wrongOperations(world, plan)));
        evidence.push(`${batchesOf(registry, plan, proposalId).length} operations, as the timelock computes them`);
      },
      end: async (world) => {
        const ids = operationsOf(world.registry, plan!, world.proposalId);
        const done = world.notes.stages.map(({ index }) => ids.find(({ batch }) => batch === `stage ${index}`)!);
        const missing = await pick(done, async ({ id }) => !(await ask(world, "isOperationDone", [id])));
        wrong.push(...missing.map(({ batch, id }) => `${batch} ran, and the timelock does not know ${id} as done`));
        evidence.push(`${done.length - missing.length} of them run by the timelock under these ids`);
      },
      conclude: (): Answer =>
        wrong.length === 0
          ? pass(...evidence)
          : fail(
              [...wrong, ...evidence],
              "do not sign: build the plan anew, and find out what computes another hash than the contracts do",
            ),
    };
  },
};

function idOf({ registry }: World, plan: World["plan"]): Promise<string> {
  return registry.contract.getFunction("proposalIdOf").staticCall(plan) as Promise<string>;
}

function ask({ timelock, session }: World, name: string, args: unknown[]): Promise<unknown> {
  return new Contract(timelock, TIMELOCK, session.client.provider).getFunction(name).staticCall(...args);
}

async function wrongOperations(world: World, plan: World["plan"]): Promise<string[]> {
  const ids = operationsOf(world.registry, plan, world.proposalId);
  const batches = batchesOf(world.registry, plan, world.proposalId);
  const found = await Promise.all(batches.map(({ operation }) => ask(world, "hashOperationBatch", operation)));
  return ids.flatMap(({ batch, id }, i) => (id === found[i] ? [] : [`${batch}: the timelock computes ${found[i]}`]));
}

async function pick<T>(all: readonly T[], test: (one: T) => Promise<boolean>): Promise<T[]> {
  const kept = await Promise.all(all.map(test));
  return all.filter((_, i) => kept[i]);
}
