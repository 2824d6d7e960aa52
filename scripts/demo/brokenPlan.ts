import { join } from "node:path";
import type { JsonRpcSigner } from "ethers";
import { writeAddresses } from "../../src/chain/addressBook";
import { deployImplementation } from "../remote/arbitrumBridge";
import type { GovernedWorld } from "./lifecycle";
import { ROOT } from "./openWorld";

/** The plan of a candidate that mints twice. It hands calls on to the published code, which has to be there. */
export async function brokenPlan(world: GovernedWorld): Promise<string> {
  const client = world.as(world.people.release);
  const published = await deployImplementation(client.signer as JsonRpcSigner, "1.2.5");
  writeAddresses(client.deploymentsDir, { publishedGateway: published });
  return join(ROOT, "upgrades", "arbitrum-gateway-double-mint.yaml");
}
