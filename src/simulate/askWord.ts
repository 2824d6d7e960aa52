import { revertData } from "../registry/decodeRevert";
import type { Actors } from "./readActors";
import type { Subject } from "./checks/types";

/** A rehearsal in which a stranger may ask, and what is asked unless a target is named. */
export type Asked = Subject & { actors: Pick<Actors, "stranger">; module: string };

/** The first word that a stranger's call is answered, or what is answered instead: "revert data 0x…". */
export async function askWord(
  { session, actors, module }: Asked,
  { target, data }: { target?: string; data: string },
): Promise<bigint | string> {
  try {
    const answer = await session.client.provider.call({ from: actors.stranger, to: target ?? module, data });
    return answer.length < 66 ? `answer ${answer}` : BigInt(answer.slice(0, 66));
  } catch (thrown) {
    const error = revertData(thrown);
    if (error === undefined) throw thrown;
    return `revert data ${error}`;
  }
}
