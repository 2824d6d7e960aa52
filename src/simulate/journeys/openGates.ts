import { id, ZeroAddress } from "ethers";
import type { Recorded } from "../replay/readTransactions";
import type { Lifecycle } from "../runLifecycle";
import { sendAs } from "../sendAs";
import type { Crowd } from "./crowd";
import type { GateTraffic, Journey } from "./types";

/** Gates that open with use, by their selector. */
const CANARY_CALLS = id("canaryCalls(address)").slice(0, 10);
/** Journeys that a gate may take before it is given up, and as many recorded transactions. */
const MOST = 600;
/** Journeys without one that counted, after which they are taken for none that ever will. */
const PATIENCE = 100;

export interface GateUsers {
  journeys: readonly Journey[];
  crowd: Crowd;
  /** Recorded transactions, from the first one on each time. */
  recorded?: () => AsyncIterable<Recorded>;
}

/**
 * Lets users come until the gates of a stage that count calls are open: generated ones who make the journeys, then the senders of
 * recorded transactions. Users whose calls counted come back in between: a narrow canary draws few.
 */
export async function openGates(lifecycle: Lifecycle, stage: number, users: GateUsers): Promise<GateTraffic[]> {
  if (users.journeys.length === 0 && users.recorded === undefined) return [];
  const found: GateTraffic[] = [];
  for (const [index, { probe, bound }] of (lifecycle.plan.stages[stage]?.gates ?? []).entries()) {
    if (probe.target !== ZeroAddress || !probe.data.startsWith(CANARY_CALLS)) continue;
    const gate = new UsedGate(lifecycle, stage, index);
    await gate.look();
    if (gate.isOpen) continue;
    await gate.journeys(users);
    if (users.recorded !== undefined) await gate.recorded(users.recorded(), users.crowd);
    found.push({ ...gate.came, gate: `canaryCalls: ${gate.count} of ${bound}`, isOpen: gate.isOpen });
  }
  return found;
}

class UsedGate {
  isOpen = false;
  /** What the gate counts; undefined where its probe is unavailable. */
  count?: bigint;
  private readonly senders = new Set<string>();
  private readonly sent = { transactions: 0, failed: 0 };

  constructor(
    private readonly lifecycle: Lifecycle,
    private readonly stage: number,
    private readonly index: number,
  ) {}

  get came() {
    return { stage: this.stage, senders: this.senders.size, ...this.sent };
  }

  async look(): Promise<void> {
    const { registry, plan } = this.lifecycle;
    const [, gates] = await registry.contract.getFunction("revalidate")(plan);
    const rows = [...gates].filter((row: { stage: bigint }) => Number(row.stage) === this.stage);
    const { actual, isOk, isAvailable } = rows[this.index] as { actual: bigint; isOk: boolean; isAvailable: boolean };
    this.isOpen = isOk;
    this.count = isAvailable ? actual : undefined;
  }

  async journeys({ journeys, crowd }: GateUsers): Promise<void> {
    if (journeys.length === 0) return;
    const drawn: { sender: string; journey: Journey }[] = [];
    let made = 0;
    const make = async (sender: string, journey: Journey): Promise<boolean> => {
      const before = this.count;
      const { steps } = await crowd.run(journey, sender);
      made += 1;
      this.note(sender, steps.length, steps.filter(({ isOk }) => !isOk).length);
      await this.look();
      return this.count !== before;
    };
    while (!this.isOpen && made < MOST && (drawn.length > 0 || made < PATIENCE)) {
      const sender = await crowd.next();
      for (const journey of journeys) if (await make(sender, journey)) drawn.push({ sender, journey });
      const again = drawn[made % Math.max(1, drawn.length)];
      if (again !== undefined && !this.isOpen) await make(again.sender, again.journey);
    }
  }

  async recorded(transactions: AsyncIterable<Recorded>, { session }: Crowd): Promise<void> {
    let made = 0;
    if (this.isOpen) return;
    for await (const { from, to, data, value } of transactions) {
      await session.enter(from);
      const { isOk } = await sendAs(session.fork, { from, to, data, value });
      this.note(from, 1, isOk ? 0 : 1);
      await this.look();
      made += 1;
      if (this.isOpen || made === MOST) return;
    }
  }

  private note(sender: string, transactions: number, failed: number): void {
    this.senders.add(sender);
    this.sent.transactions += transactions;
    this.sent.failed += failed;
  }
}
