import type { Client } from "../client";
import type { Registry } from "../registry/connect";
import type { Statement } from "../registry/statements/statement";
import { readAct, type ActKind } from "./acts";

const DAY = 86_400;

/**
 * What a council member signs for an act. The deadline is the end of the next day (UTC) unless given: members who sign on
 * the same day sign the same words, and their signatures fit into one transaction.
 */
export async function actStatement(
  client: Client,
  registry: Registry,
  params: { kind: ActKind; subject: string; deadline?: number },
): Promise<Extract<Statement, { verb: ActKind }>> {
  const { kind, subject } = params;
  const { act } = await readAct(registry, kind, subject);
  const latest = await client.provider.getBlock("latest");
  const now = latest?.timestamp ?? client.clock.now();
  const deadline = params.deadline ?? (Math.floor(now / DAY) + 2) * DAY;
  return { verb: kind, subject, act, deadline };
}
