import { deployedSide } from "../diff/codeSide";
import { SlipwayError } from "../errors";
import type { NumberedInitializer } from "../layout/readInitializers";
import type { Namespaces } from "../layout/readNamespaces";
import { readDiamond } from "../plan/diamond/readDiamond";
import type { World } from "./checks/types";

/** One code that serves a module, before a plan or after it. */
export interface ModuleCode {
  account: string;
  /** The contract that it is built from; undefined where none is at hand. */
  contract?: string;
  layout?: Namespaces;
  initializers?: NumberedInitializer[];
}

type Seen = Pick<World, "built" | "loaded" | "remote" | "session" | "module">;

/** Accounts whose storage a module's code runs on: the module's own; of a beacon, its proxies that the plan looks at. */
export function holdersOf({ built, module }: Pick<Seen, "built" | "module">): string[] {
  const { module: entry, offchainPointers } = built.explain;
  if (entry.kind !== "beacon") return [module];
  return offchainPointers.filter(({ name }) => name === "beacon").map(({ account }) => account);
}

/** What serves before the plan, and what it brings; of a diamond, every facet of its loupe. */
export async function codesOf(world: Seen): Promise<{ before: ModuleCode[]; after: ModuleCode[] }> {
  const { built, loaded, module, session } = world;
  const { upgrade } = loaded.plan;
  const after = built.deployments
    .filter(({ role }) => role === "candidate")
    .map(({ address, contractName }) => {
      const facet = upgrade.facets?.find((one) => isNamed(one.contract ?? one.artifact, contractName));
      const stated = upgrade.facets === undefined ? upgrade : (facet ?? {});
      return codeOf(world, address, stated.contract ?? stated.artifact);
    });
  const accounts =
    upgrade.facets === undefined
      ? [built.explain.stable]
      : (await readDiamond(session.client.provider, module, loaded.where("module"))).live.map(
          ({ facetAddress }) => facetAddress,
        );
  const named = upgrade.facets === undefined ? upgrade.replaces : undefined;
  const before = [...new Set(accounts)].map((account) => codeOf(world, account, named));
  return { before: await Promise.all(before), after: await Promise.all(after) };
}

function isNamed(reference: string | undefined, contractName: string): boolean {
  return reference !== undefined && new RegExp(`(^|[:/])${contractName}(\\.json)?$`).test(reference);
}

/** What the build tells of an account's code: of the contract that the plan file names, else of one that gives this code. */
async function codeOf({ session, remote }: Seen, account: string, named?: string): Promise<ModuleCode> {
  const { artifacts } = remote;
  const tell = async (contract: string | undefined): Promise<ModuleCode> =>
    contract === undefined
      ? { account }
      : {
          account,
          contract,
          layout: await artifacts.layout?.(contract).catch(unlessUnknown),
          initializers: await artifacts.initializers?.(contract),
        };
  const stated = await tell(named);
  if (stated.layout !== undefined) return stated;
  return tell(await contractAt(session.client, account));
}

/** The compiled contract that gives an account's code; undefined where there is none, or no code. */
export async function contractAt(client: World["session"]["client"], account: string): Promise<string | undefined> {
  if ((await client.provider.getCode(account)) === "0x") return undefined;
  return (await deployedSide(client, account)).contract;
}

function unlessUnknown(thrown: unknown): undefined {
  if (thrown instanceof SlipwayError && thrown.errorName === "StorageLayoutUnknown") return undefined;
  throw thrown;
}
