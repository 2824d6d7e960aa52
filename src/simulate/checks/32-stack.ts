import { Watch } from "../fuzz/watch";
import { isSameCode, readModuleStates } from "../moduleState";
import { executeOthers, readOthers } from "../stack";
import { fail, pass, skip, warn, type CheckKind, type CheckRun, type World } from "./types";

/** What else waits for the timelock, executed before the plan and after it. */
export const stack: CheckKind = {
  number: 32,
  id: "stack",
  name: "invariants and pointers are the same once the timelock's other pending operations have run",
  isRequired: true,
  begin: () => new StackRun(),
};

class StackRun implements CheckRun {
  private readonly ran: string[] = [];
  private readonly refused: string[] = [];
  private readonly changed: string[] = [];

  start(world: World): Promise<void> {
    return this.look(world, "before the plan");
  }

  async end(world: World): Promise<void> {
    if (world.notes.final.length > 0) await this.look(world, "after the plan");
  }

  conclude(): ReturnType<CheckRun["conclude"]> {
    if (this.ran.length === 0) return skip("nothing else waits for this timelock");
    const evidence = [...this.ran, ...this.changed, ...this.refused];
    if (this.changed.length > 0) {
      return fail(evidence, "two plans do not fit together: agree on the order, or cancel one of them");
    }
    return this.refused.length > 0
      ? warn(evidence, "see whether that operation waits for something else, or is dead and to be cancelled")
      : pass(...evidence);
  }

  private async look(world: World, moment: string): Promise<void> {
    const { session, registry, plan, invariants } = world;
    const others = await readOthers(world);
    const count = others.operations.length + others.plans.length;
    if (count === 0) return;
    const watch = new Watch(invariants);
    const states = () => readModuleStates(session.client, registry, plan);
    const [pointersBefore, readingBefore] = [await states(), await watch.read(session.fork)];
    await session.onSnapshot(async () => {
      const refused = await executeOthers(world, others);
      this.ran.push(
        `${moment}: ${others.operations.length} operations and ${others.plans.length} plans, ${refused.length} refused`,
      );
      this.refused.push(...refused.map((text) => `${moment}, ${text}`));
      const broken = watch.broken(readingBefore, await watch.read(session.fork));
      if (broken !== undefined) {
        this.changed.push(`${moment}, ${broken.invariant} breaks: left ${broken.left}, right ${broken.right}`);
      }
      const after = await states();
      if (!isSameCode(pointersBefore, after)) {
        const moved = after.filter((state, i) => !isSameCode([pointersBefore[i]!], [state]));
        this.changed.push(`${moment}, other code or pointers: ${moved.map(({ module }) => module).join(", ")}`);
      }
    });
  }
}
