import { getAddress, Interface, isAddress, ZeroAddress } from "ethers";
import { readAddressBook } from "../chain/addressBook";
import { implementationOf } from "../chain/implementationOf";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { readStoredPlan } from "../journal/storedPlan";
import { functionsOf } from "../plan/abi";
import { DIAMOND_ABI } from "../plan/diamond/readDiamond";
import { loadArtifact } from "../plan/loadArtifact";
import { modulesOf, type RegisteredModule } from "../plan/moduleOf";
import { lastUpgrade, pointerAfter } from "../plan/pointerAfter";
import { readPlanFile } from "../plan/readPlanFile";
import { ModuleKind, type Plan } from "../plan/types";
import { connectRegistry, type Registry } from "../registry/connect";
import { readPlan } from "../registry/readPlan";
import { resolveProposal } from "../registry/resolveProposal";
import { compiledSide, deployedSide, type CodeSide } from "./codeSide";
import { diffCode, type CodeDiff } from "./diffCode";

export interface DiffRequest {
  /** Plan file, proposal, address, name in the address book, or a contract that is compiled here. */
  candidate: string;
  /** The account that serves, or its proxy; what the plan replaces unless given. */
  against?: string;
  /** Folder that artifacts are resolved from. */
  root: string;
}

/** Every pair of codes that the request means, compared. */
export async function diffUpgrade(client: Client, request: DiffRequest): Promise<CodeDiff[]> {
  const { candidate } = request;
  const book = readAddressBook(client.deploymentsDir).addresses;
  const against = request.against === undefined ? undefined : accountOf(request.against, book, "AGAINST");
  if (/\.ya?ml$/.test(candidate)) return diffPlanFile(client, request, against);
  if (isAccount(candidate, book)) {
    const serving = await implementationOf(client.provider, required(against, candidate));
    const account = await implementationOf(client.provider, accountOf(candidate, book, "CANDIDATE"));
    const [before, after] = await Promise.all([deployedSide(client, serving), deployedSide(client, account)]);
    return [await diffCode(client, titleOf(before, after), { before, after })];
  }
  if (/\.sol:|^npm:/.test(candidate)) {
    const isFile = candidate.startsWith("npm:");
    const reference = isFile ? { artifact: candidate } : { contract: candidate };
    const artifact = await loadArtifact(client, reference, { where: "CANDIDATE", root: request.root });
    const serving = await implementationOf(client.provider, required(against, candidate));
    const [before, after] = [await deployedSide(client, serving), await compiledSide(client, candidate, artifact)];
    return [await diffCode(client, titleOf(before, after), { before, after })];
  }
  const registry = await connectRegistry(client);
  const plan = candidate.endsWith(".json")
    ? readStoredPlan(candidate).plan
    : await readPlan(client, registry, await resolveProposal(client, registry, candidate));
  return diffPlan(client, registry, plan, against);
}

function isAccount(text: string, book: Readonly<Record<string, string>>): boolean {
  return isAddress(book[text] ?? text);
}

function required(against: string | undefined, candidate: string): string {
  if (against !== undefined) return against;
  throw new SlipwayError("OptionInvalid", {
    where: "AGAINST",
    expected: "the account that serves today, or its proxy: a candidate alone does not tell what it replaces",
    found: "none given",
    next: `npx hardhat upgrade diff ${candidate} 0x…`,
  });
}

function accountOf(text: string, book: Readonly<Record<string, string>>, where: string): string {
  const account = book[text] ?? text;
  if (isAddress(account)) return getAddress(account);
  throw new SlipwayError("OptionInvalid", {
    where,
    expected: "an address, or a name of addresses.json",
    found: text,
  });
}

function titleOf(before: CodeSide, after: CodeSide): string {
  const name = ({ contract, account }: CodeSide) => contract?.split(":").at(-1) ?? account ?? "code";
  return `${name(before)} → ${name(after)}`;
}

async function diffPlanFile(
  client: Client,
  { candidate: file, root }: DiffRequest,
  against?: string,
): Promise<CodeDiff[]> {
  const { plan, where } = readPlanFile(file, readAddressBook(client.deploymentsDir));
  const { facets, ...code } = plan.upgrade;
  const account = against ?? plan.target?.proxy ?? (await accountOfModule(client, plan.module ?? "", where("module")));
  const diffs: CodeDiff[] = [];
  for (const [i, wanted] of (facets ?? [code]).entries()) {
    const at = facets === undefined ? where("upgrade") : where("upgrade", "facets", i);
    const name = wanted.contract ?? wanted.artifact ?? "";
    const artifact = await loadArtifact(client, wanted, { where: at, root });
    const after =
      wanted.address === undefined
        ? await compiledSide(client, name, artifact)
        : await deployedSide(client, wanted.address, name);
    const serving =
      facets === undefined
        ? await implementationOf(client.provider, account)
        : await facetOf(
            client,
            account,
            functionsOf(new Interface(artifact.abi)).map(({ selector }) => selector),
          );
    const before =
      serving === undefined ? undefined : await deployedSide(client, serving, compiledName(wanted.replaces));
    diffs.push(
      await diffCode(client, before === undefined ? `new: ${name}` : titleOf(before, after), { before, after }),
    );
  }
  return diffs;
}

/** A JSON artifact is read by path, so only names of compiled contracts serve here. */
function compiledName(replaces: string | undefined): string | undefined {
  return replaces === undefined || /^npm:|\.json$/.test(replaces) ? undefined : replaces;
}

async function accountOfModule(client: Client, name: string, where: string): Promise<string> {
  const modules = await modulesOf(await connectRegistry(client));
  const found = modules.find((module) => module.name === name);
  if (found !== undefined) return found.account;
  throw new SlipwayError("ModuleUnknown", {
    where,
    expected: `one of ${modules.map((module) => module.name).join(", ") || "no modules"}`,
    found: name,
  });
}

/** The facet that serves most of these functions. */
async function facetOf(client: Client, diamond: string, selectors: readonly string[]): Promise<string | undefined> {
  const served = await Promise.all(selectors.map((selector) => facetNow(client, diamond, selector)));
  const found = served.filter((facet) => facet !== ZeroAddress);
  const count = (facet: string) => found.filter((other) => other === facet).length;
  return [...new Set(found)].sort((a, b) => count(b) - count(a))[0];
}

async function facetNow(client: Client, diamond: string, selector: string): Promise<string> {
  const answer = await client.provider.call({
    to: diamond,
    data: DIAMOND_ABI.encodeFunctionData("facetAddress", [selector]),
  });
  return DIAMOND_ABI.decodeFunctionResult("facetAddress", answer)[0] as string;
}

/** Of a plan: what each module ran before its first stage, against what it runs after its last. */
async function diffPlan(client: Client, registry: Registry, plan: Plan, against?: string): Promise<CodeDiff[]> {
  const named = new Set(plan.targets.map(({ module }) => module));
  const modules = (await modulesOf(registry)).filter(({ word }) => named.has(word));
  const diffs: CodeDiff[] = [];
  for (const module of modules) {
    for (const { from, to } of await movesOf(client, plan, module, against)) {
      const [before, after] = [
        from === undefined ? undefined : await deployedSide(client, from),
        await deployedSide(client, to),
      ];
      const pair = before === undefined ? `new: ${to}` : titleOf(before, after);
      diffs.push(await diffCode(client, `${module.name}: ${pair}`, { before, after }));
    }
  }
  return diffs;
}

async function movesOf(
  client: Client,
  plan: Plan,
  { kind, account }: RegisteredModule,
  against?: string,
): Promise<{ from?: string; to: string }[]> {
  const calls = plan.stages.flatMap((stage) => stage.calls);
  if (kind !== ModuleKind.Diamond) {
    const to = lastUpgrade(calls, account);
    const from = against ?? pointerAfter(plan, account, 0) ?? account;
    return to === undefined ? [] : [{ from: await implementationOf(client.provider, from), to }];
  }
  const routesOf = (batch: readonly Plan["stages"][number]["calls"][number][]) => {
    const routes = new Map<string, string>();
    for (const call of batch) {
      if (call.target !== account || !call.data.startsWith(DIAMOND_ABI.getFunction("diamondCut")!.selector)) continue;
      const [cuts] = DIAMOND_ABI.decodeFunctionData("diamondCut", call.data) as unknown as [
        [string, bigint, string[]][],
      ];
      for (const [facet, , selectors] of cuts) for (const selector of selectors) routes.set(selector, facet);
    }
    return routes;
  };
  // The way back says what served before, also once the plan runs.
  const back = routesOf(plan.rollbacks[0]?.calls ?? []);
  const pairs = new Map<string, { from?: string; to: string }>();
  for (const [selector, to] of routesOf(calls)) {
    if (to === ZeroAddress) continue;
    const from = back.get(selector) ?? (await facetNow(client, account, selector));
    if (from === to) continue;
    pairs.set(`${from} ${to}`, from === ZeroAddress ? { to } : { from, to });
  }
  // A new facet that replaces some functions and adds others is compared with what it replaces.
  const replaced = new Set([...pairs.values()].filter(({ from }) => from !== undefined).map(({ to }) => to));
  return [...pairs.values()].filter(({ from, to }) => from !== undefined || !replaced.has(to));
}
