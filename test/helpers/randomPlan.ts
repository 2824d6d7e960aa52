import { dataSlice, getAddress, keccak256, toBeHex } from "ethers";
import type { Call, Gate, Op, Pin, Plan, PlanClass, Rollback, Stage } from "../../src/plan/types";

/** Bytes from a seed, the same in every run. */
export class Random {
  private turn = 0;
  constructor(private readonly seed: number) {}

  word(): string {
    return keccak256(toBeHex(BigInt(this.seed) * 1_000_003n + BigInt(this.turn++), 32));
  }
  below(bound: number): number {
    return Number(BigInt(this.word()) % BigInt(bound));
  }
  uint(bits: number): bigint {
    return BigInt(this.word()) >> BigInt(256 - bits);
  }
  address(): string {
    return getAddress(dataSlice(this.word(), 12));
  }
  bytes(most: number): string {
    return most === 0 ? "0x" : dataSlice(this.word(), 0, this.below(Math.min(most, 32)));
  }
  list<T>(most: number, item: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, item);
  }
}

/** A plan whose every field differs from seed to seed: nothing can be left out of its hash unseen. */
export function randomPlan(seed: number): Plan {
  const random = new Random(seed);
  const call = (): Call => ({ target: random.address(), value: random.uint(256), data: random.bytes(32) });
  const pin = (): Pin => ({ account: random.address(), codeHash: random.word() });
  const probe = () => ({ target: random.address(), data: random.bytes(32), gas: random.uint(64) });
  const gate = (): Gate => ({ probe: probe(), op: random.below(6) as Op, bound: random.uint(256) });
  const word = () => random.word();
  const stage = (): Stage => ({
    label: random.word(),
    calls: random.list(3, call),
    pins: random.list(3, pin),
    gates: random.list(2, gate),
    invariants: random.list(3, word),
    dwell: random.uint(64),
    minGas: random.uint(64),
  });
  const rollback = (): Rollback => ({
    from: random.below(65_536),
    to: random.below(65_536),
    kind: random.below(2) as Rollback["kind"],
    calls: random.list(2, call),
    pins: random.list(2, pin),
    invariants: random.list(2, word),
    minGas: random.uint(64),
  });
  const fraction = () => ({ numerator: random.below(2 ** 32), denominator: random.below(2 ** 32) });
  return {
    title: `plan ${random.word()}`,
    uri: random.bytes(32),
    proposer: random.address(),
    nonce: random.uint(256),
    planClass: random.below(3) as PlanClass,
    targets: random.list(3, () => ({ module: random.word(), baseVersion: random.uint(64) })),
    stages: random.list(4, stage),
    rollbacks: random.list(2, rollback),
    containments: random.list(2, () => ({
      breach: random.below(5) as 0 | 1 | 2 | 3 | 4,
      label: random.word(),
      calls: random.list(2, call),
      pins: random.list(2, pin),
      minGas: random.uint(64),
    })),
    readiness: { threshold: fraction(), deadline: random.uint(64), schedulingWindow: random.uint(64) },
    artifact: {
      version: random.bytes(8),
      protocolVersion: random.uint(64),
      sha256Hash: random.word(),
      uri: random.bytes(20),
      migration: random.below(4) as 0 | 1 | 2 | 3,
      graceBlocks: random.uint(64),
      isGraceReadOnly: random.below(2) === 1,
      parentPlan: random.word(),
      successDeadline: random.uint(64),
      successThreshold: fraction(),
    },
    executionWindow: random.uint(64),
    evidence: {
      reportHash: random.word(),
      rehearsalChainId: random.uint(64),
      rehearsalProposal: random.word(),
      minAge: random.uint(64),
    },
  };
}
