import { id } from "ethers";

/** Numbers that follow from a seed alone. */
export class Random {
  private drawn = 0;

  constructor(private readonly seed: string) {}

  /** A word. */
  word(): bigint {
    return BigInt(id(`${this.seed}:${this.drawn++}`));
  }

  /** At least 0, below `end`. */
  below(end: number): number {
    return Number(this.word() % BigInt(Math.max(1, end)));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
