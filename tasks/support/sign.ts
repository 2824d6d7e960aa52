import type { Client } from "../../src/client";
import { renderSigned } from "../../src/report/renderSigned";
import type { Registry } from "../../src/registry/connect";
import { signStatement } from "../../src/registry/statements/signStatement";
import type { Statement } from "../../src/registry/statements/statement";
import type { Outcome } from "./runTask";

/** `--sign FILE`: writes the statement; `again` is the command that submits it. */
export async function signOutcome(
  client: Client,
  registry: Registry,
  params: { statement: Statement; file: string; again: string },
): Promise<Outcome> {
  const { statement, file, again } = params;
  const signed = await signStatement(client, registry, { statement, file });
  return {
    report: { file, ...signed },
    text: renderSigned(file, signed),
    next: `npx hardhat ${again} --submit ${file}`,
  };
}
