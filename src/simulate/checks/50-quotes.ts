import { encodeCall, looseFunction } from "../../plan/abi";
import type { PlanFile } from "../../plan/schema";
import { askWord, type Asked } from "../askWord";
import { fail, pass, skip, unknown, type CheckKind, type CheckRun, type SubjectEvidence } from "./types";

type Envelope = NonNullable<NonNullable<PlanFile["expect"]>["quotes"]>[number];

/** What one price function answers for each size, or the revert data that it answered instead. */
type Curve = readonly (bigint | string)[];

const BASIS = 10_000n;

/**
 * Price functions, sampled at the sizes that the plan file states, before the plan, after every stage and at its end: each answer stays
 * near the one before the plan (`within`), between its bounds (`least`, `most`), and the price of a large trade near that of the
 * smallest (`slippage`).
 */
export const quotes: CheckKind<Asked, SubjectEvidence> = {
  number: 50,
  id: "quotes",
  name: "prices stay inside the envelopes that the plan file states",
  isRequired: true,
  begin: () => new QuotesRun(),
};

class QuotesRun implements CheckRun<Asked, SubjectEvidence> {
  private before: Curve[] = [];
  private readonly outside: string[] = [];
  private samples = 0;

  async start(world: Asked): Promise<void> {
    this.before = await curvesOf(world);
  }

  async afterStage(world: Asked, { stage }: { stage: { label: string } }): Promise<void> {
    await this.compare(world, `after "${stage.label}"`);
  }

  async end(world: Asked): Promise<void> {
    if (world.notes.final.length > 0) await this.compare(world, "at the end");
  }

  conclude({ loaded, runs }: SubjectEvidence): ReturnType<CheckRun["conclude"]> {
    const envelopes = loaded.plan.expect?.quotes ?? [];
    if (envelopes.length === 0) return skip("the plan file states no envelope of prices (expect.quotes)");
    if (this.outside.length > 0) {
      return fail(this.outside, "either the candidate prices wrongly, or the envelope has to say what is meant");
    }
    if (runs.length === 0) return unknown(["no stage ran"], "see the lifecycle");
    return pass(`${envelopes.length} price functions, ${this.samples} samples, all inside`);
  }

  private async compare(world: Asked, moment: string): Promise<void> {
    const envelopes = world.loaded.plan.expect?.quotes ?? [];
    const curves = await curvesOf(world);
    envelopes.forEach((envelope, i) => {
      this.samples += curves[i]!.length;
      this.outside.push(...outsideOf(envelope, this.before[i]!, curves[i]!).map((line) => `${moment}: ${line}`));
    });
  }
}

/** Where a curve leaves its envelope. */
export function outsideOf(
  { call, sizes, within, least, most, slippage }: Envelope,
  before: Curve,
  now: Curve,
): string[] {
  const [smallest] = sizes;
  return sizes.flatMap((size, i): string[] => {
    const [old, quote] = [before[i]!, now[i]!];
    const at = `${call} at ${size}`;
    if (typeof quote === "string") return typeof old === "string" ? [] : [`${at} reverts (${quote}), it was ${old}`];
    const found: string[] = [];
    if (within !== undefined && typeof old === "bigint" && distance(quote, old) * BASIS > old * BigInt(within)) {
      found.push(`${at} is ${quote}, it was ${old}: more than ${within} basis points apart`);
    }
    if (least !== undefined && quote < least) found.push(`${at} is ${quote}, less than ${least}`);
    if (most !== undefined && quote > most) found.push(`${at} is ${quote}, more than ${most}`);
    const unit = now[0]!;
    // What the large trade gets for each unit, against what the smallest gets: quote/size < unit/smallest less the slippage.
    if (
      slippage !== undefined &&
      typeof unit === "bigint" &&
      quote * smallest! * BASIS < unit * size * (BASIS - BigInt(slippage))
    ) {
      found.push(`${at} is ${quote}, ${unit} at ${smallest}: it slips by more than ${slippage} basis points`);
    }
    return found;
  });
}

function curvesOf(world: Asked): Promise<Curve[]> {
  const envelopes = world.loaded.plan.expect?.quotes ?? [];
  return Promise.all(
    envelopes.map((envelope, i) => curveOf(world, envelope, world.loaded.where("expect", "quotes", i))),
  );
}

function curveOf(world: Asked, envelope: Envelope, where: string): Promise<Curve> {
  const fragment = looseFunction(envelope.call, where);
  const args = envelope.args ?? ["size"];
  return Promise.all(
    envelope.sizes.map((size) => {
      const data = encodeCall(
        fragment,
        args.map((argument) => (argument === "size" ? String(size) : argument)),
        where,
      );
      return askWord(world, { target: envelope.target, data });
    }),
  );
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}
