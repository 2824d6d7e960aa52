import { derivedAddress } from "../chain/simulateSequence";
import type { Ground } from "./types";

type OnFork = Pick<Ground, "session">;

/** Holds no role, no votes and no key. Who it is follows from the pinned block: what was proposed before cannot know it. */
export function strangerOf({ session }: OnFork): string {
  return derivedAddress(`slipway.rehearsal.stranger ${session.fork.blockHash}`);
}

/** Somebody else of whom the same is true. */
export function otherStranger({ session }: OnFork): string {
  return derivedAddress(`slipway.rehearsal.another ${session.fork.blockHash}`);
}
