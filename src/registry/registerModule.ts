import { encodeBytes32String, Interface, ZeroAddress, ZeroHash } from "ethers";
import { beaconImplementation } from "../chain/beacon";
import { codeAt } from "../chain/codeAt";
import { inspectProxy, kindText } from "../chain/inspectProxy";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { modulesOf, type RegisteredModule } from "../plan/moduleOf";
import { readProbe } from "../plan/probe";
import { ModuleKind } from "../plan/types";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";

export interface ModuleParams {
  name: string;
  kind: ModuleKind;
  /** The account users call. */
  account: string;
  /** Who upgrades it; by default the ProxyAdmin of a transparent proxy, else the timelock. */
  authority?: string;
}

const OWNABLE = new Interface(["function owner() view returns (address)"]);
const LONGEST_NAME = 31;

/** Names a module, after the chain was asked whether it is what is said, and whether the timelock could upgrade it. */
export async function registerModule(
  client: Client,
  registry: Registry,
  params: ModuleParams & SendOptions,
): Promise<Performed> {
  const { name, kind, account } = params;
  if (name === "" || Buffer.byteLength(name) > LONGEST_NAME) {
    throw new SlipwayError("OptionInvalid", { where: "NAME", expected: `1 to ${LONGEST_NAME} bytes`, found: name });
  }
  const authority = await checkedAuthority(client, registry, params);
  const known = (await modulesOf(registry)).find((module) => module.name === name);
  if (known !== undefined && !isSame(known, { kind, account, authority })) {
    throw new SlipwayError("ModuleExists", {
      where: `module ${name}`,
      expected: `${kindText(kind)} ${account}, upgraded by ${authority}`,
      found: `${kindText(known.kind)} ${known.account}, upgraded by ${known.authority}`,
    });
  }
  return perform(client, registry, {
    ...params,
    verb: `module ${name}`,
    to: registry.address,
    data: registry.iface.encodeFunctionData("registerModule", [encodeBytes32String(name), kind, account, authority]),
    isDone: async () => (await modulesOf(registry)).some((module) => module.name === name),
  });
}

function isSame(known: RegisteredModule, wanted: { kind: ModuleKind; account: string; authority: string }): boolean {
  return (
    known.kind === wanted.kind &&
    known.account.toLowerCase() === wanted.account.toLowerCase() &&
    known.authority.toLowerCase() === wanted.authority.toLowerCase()
  );
}

/** The account that upgrades the module: stated, found on chain, and in the timelock's hands. */
async function checkedAuthority(client: Client, registry: Registry, params: ModuleParams): Promise<string> {
  const { name, kind, account } = params;
  const where = `module ${name}`;
  await codeAt(client.provider, account, where);
  const found = await inspectProxy(client.provider, account);
  // A module that migrates by redeploying is no proxy, and a beacon is registered itself.
  const isProxy = kind !== ModuleKind.Redeploy && kind !== ModuleKind.Beacon;
  if (isProxy && found.kind !== kind) {
    throw new SlipwayError("ProxyKindMismatch", { where, expected: kindText(kind), found: kindText(found.kind) });
  }
  if (kind === ModuleKind.Beacon && (await beaconImplementation(client.provider, account)) === undefined) {
    const isProxy = found.kind === ModuleKind.Beacon;
    throw new SlipwayError("ProxyKindMismatch", {
      where,
      expected: "a beacon, which tells its implementation()",
      found: isProxy ? `a proxy of the beacon ${found.beacon}` : kindText(found.kind),
      next: isProxy ? `register the beacon itself: ${found.beacon}` : undefined,
    });
  }
  const timelock = (await registry.contract.getFunction("timelock")()) as string;
  const authority = params.authority ?? (kind === ModuleKind.Transparent ? found.admin : timelock);
  if (kind === ModuleKind.Transparent && authority.toLowerCase() !== found.admin.toLowerCase()) {
    throw new SlipwayError("AuthorityMismatch", {
      where,
      expected: `authority ${found.admin}, the admin in the proxy's slot`,
      found: authority,
    });
  }
  if (authority.toLowerCase() === timelock.toLowerCase()) {
    // The proxy's own slot has told who upgrades it; an `owner()` behind it is the protocol's affair.
    if (kind === ModuleKind.Transparent) return authority;
    if (found.ownAdmin !== undefined && found.ownAdmin.authority !== authority) {
      const expected = `${account} upgraded by the timelock ${timelock}`;
      throw new SlipwayError("AuthorityMismatch", { where, expected, found: `by ${found.ownAdmin.authority}` });
    }
    if (found.ownAdmin !== undefined) return authority;
    // A UUPS proxy or a beacon that tells its owner has to tell the timelock.
    await checkOwner(client, { owned: account, timelock, where, mayLackOwner: true });
    return authority;
  }
  await codeAt(client.provider, authority, where);
  await checkOwner(client, { owned: authority, timelock, where, mayLackOwner: false });
  return authority;
}

async function checkOwner(
  client: Client,
  params: { owned: string; timelock: string; where: string; mayLackOwner: boolean },
): Promise<void> {
  const { owned, timelock, where, mayLackOwner } = params;
  const data = OWNABLE.encodeFunctionData("owner");
  const word = await readProbe(client.provider, { target: owned, data, gas: 100_000n });
  if (word === undefined && mayLackOwner) return;
  if (word !== undefined && word === BigInt(timelock)) return;
  const owner = word === undefined ? "no owner()" : `owner 0x${word.toString(16).padStart(40, "0")}`;
  throw new SlipwayError("AuthorityMismatch", {
    where,
    expected: `${owned} owned by the timelock ${timelock}`,
    found: word === BigInt(ZeroAddress) || word === BigInt(ZeroHash) ? "owned by nobody" : owner,
    next: `hand it over first: ${owned}.transferOwnership(${timelock})`,
  });
}
