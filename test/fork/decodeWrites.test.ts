import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ContractFactory, Interface, toBeHex, toQuantity, type JsonRpcProvider, getAddress } from "ethers";
import { startAnvil } from "../../src/chain/anvil";
import { devProvider } from "../../src/chain/devChain";
import { SLOTS } from "../../src/chain/erc1967";
import type { LocalNode } from "../../src/chain/localNode";
import { readLayout } from "../../src/layout/readLayout";
import type { Namespaces } from "../../src/layout/readNamespaces";
import { codesOf, describeWrites } from "../../src/trace/describeWrites";
import { decodeWrites, type DecodedWrite } from "../../src/trace/decodeWrites";
import { traceByTracers } from "../../src/trace/traceByTracers";
import { compile, type CompiledOutput } from "../helpers/compile";

const ROOT = join(__dirname, "../..");
const WHO = "0x00000000000000000000000000000000000A11cE";
const SOURCES = ["Kinds.sol", "Hard.sol"];

describe("trace > storage writes by the names of the compiler's layout", function () {
  this.timeout(240_000);
  let node: LocalNode;
  let provider: JsonRpcProvider;
  let sender: string;
  let output: CompiledOutput;
  const layouts = new Map<string, Namespaces>();

  before(async () => {
    const read = (name: string) => readFileSync(join(__dirname, "../fixtures/trace", name), "utf8");
    output = compile(Object.fromEntries(SOURCES.map((name) => [name, read(name)])));
    node = await startAnvil({ root: ROOT });
    provider = devProvider(node.url);
    sender = ((await provider.send("eth_accounts", [])) as string[])[0]!;
  });

  after(async () => {
    provider.destroy();
    await node.stop();
  });

  const abiOf = (name: string) =>
    new Interface(SOURCES.map((source) => output.contracts[source]?.[name]?.abi).find((abi) => abi !== undefined)!);

  async function send(tx: { to?: string; data: string }) {
    const hash = await provider.send("eth_sendTransaction", [{ from: sender, gas: toQuantity(8_000_000), ...tx }]);
    const trace = await traceByTracers(provider, String(hash));
    expect(trace.root.error).to.equal(undefined);
    return trace;
  }

  async function deploy(name: string, args: unknown[] = []): Promise<string> {
    const source = SOURCES.find((file) => output.contracts[file]?.[name] !== undefined)!;
    const { abi, evm } = output.contracts[source]![name]!;
    const { data } = await new ContractFactory(abi, evm.bytecode.object).getDeployTransaction(...args);
    const { to } = (await send({ data })).root;
    layouts.set(to, readLayout(output, source, name)!);
    return to;
  }

  const run = async (to: string, name: string, method: string, args: unknown[]) => {
    const trace = await send({ to, data: abiOf(name).encodeFunctionData(method, args) });
    const rows = await describeWrites(trace, (account) => Promise.resolve(layouts.get(account)));
    return { trace, rows };
  };
  const changes = (rows: readonly DecodedWrite[]) =>
    Object.fromEntries(rows.map(({ label = "?", beforeText, afterText }) => [label, `${beforeText} → ${afterText}`]));

  it("TRC-20 names each kind of variable, and says its value before and after", async () => {
    const kinds = await deploy("Kinds");
    const { rows, trace } = await run(kinds, "Kinds", "fill", [WHO, -3, 1]);
    const found = changes(rows.filter(({ label }) => label !== undefined));
    const zero = "0x0000000000000000000000000000000000000000";
    expect(found).to.deep.include({
      total: "0 → 5",
      owner: `${zero} → ${WHO}`,
      isOpen: "false → true",
      delta: "0 → -7",
      tag: "0x00000000 → 0xa1b2c3d4",
      root: `${toBeHex(0, 32)} → 0xff${"00".repeat(31)}`,
      shortName: '"" → "short"',
      longName: '"" → "a name that is longer than one word of storage, and so is elsewhere"',
      blob: "0x → 0x0102",
      "list.length": "0 → 2",
      "list[0]": "0 → 1",
      "list[1]": "0 → 2",
      "small[1]": "0 → 4",
      "entries.length": "0 → 1",
      "entries[0].amount": "0 → 9",
      "entries[0].isLive": "false → true",
      "entries[0].owner": `${zero} → ${WHO}`,
      "entries[0].parts[0]": "0 → 8",
      "fixedOnes[17]": "0 → 6",
      "pairs[1][0]": "0 → 3",
      [`balances[${WHO}]`]: "0 → 10",
      'byName["alice\'s entry"].since': "0 → 11",
      "signs[-3]": "false → true",
      "kinds.vault:fee": "0 → 13",
      "kinds.vault:keeper": `${zero} → ${WHO}`,
      [`kinds.vault:entries[${WHO}].parts[0]`]: "0 → 14",
    });
    expect(Object.keys(found)).to.include.members([
      "phase",
      "price",
      "longName[32:64]",
      "entries[0].notes[4]",
      `nested[${WHO}][0x01020304]`,
      'byName["alice\'s entry"].notes[2]',
      "gap[0]",
    ]);
    expect(Object.keys(found).filter((label) => label.startsWith("words["))).to.have.length(2);
    expect(rows.filter(({ isAmbiguous }) => isAmbiguous)).to.deep.equal([]);
    // Each write is there, and one alone has no name.
    expect(new Set(rows.map(({ slot }) => slot))).to.deep.equal(new Set(trace.writes.map(({ slot }) => slot)));
    expect(rows.filter(({ label }) => label === undefined).map(({ slot }) => BigInt(slot))).to.deep.equal([
      0x1234567890n,
    ]);
  });

  it("TRC-21 of a packed slot names the part that changed, and of a long text that became short both", async () => {
    const kinds = await deploy("Kinds");
    await run(kinds, "Kinds", "fill", [WHO, -3, 1]);
    const { rows } = await run(kinds, "Kinds", "change", [WHO]);
    const found = changes(rows);
    expect(found).to.deep.include({
      isOpen: "true → false",
      longName: '"a name that is longer than one word of storage, and so is elsewhere" → "now short"',
      [`balances[${WHO}]`]: "10 → 9",
      "list.length": "2 → 1",
      "list[1]": "2 → 0",
    });
    expect(found).to.not.have.any.keys("owner", "delta", "entries[0].amount", "?");
  });

  it("TRC-22 reads a proxy's storage by the layout of the code that it delegated to, and names the slots of ERC-1967", async () => {
    const [logic, next] = [await deploy("Logic"), await deploy("Logic")];
    const proxy = await deploy("Proxy", [logic]);
    const init = abiOf("Logic").encodeFunctionData("begin", [6]);
    const { rows, trace } = await run(proxy, "Proxy", "upgradeToAndCall", [next, init]);
    expect(changes(rows)).to.deep.equal({
      "ERC-1967 implementation": `${logic} → ${next}`,
      [`balances[${trace.root.from}]`]: "0 → 6",
      total: "0 → 6",
    });
    expect([...codesOf(trace.root).get(proxy)!]).to.deep.equal([next, proxy]);
    expect(rows.find(({ slot }) => slot === SLOTS.implementation)?.type).to.equal("address");
  });

  it("TRC-23 reads AppStorage at slot 0 of an account by its facets, and says where two facets disagree", async () => {
    const one = await deploy("FacetOne");
    const diamond = await deploy("Proxy", [one]);
    const { trace, rows } = await run(diamond, "FacetOne", "mint", [WHO, 5]);
    expect(changes(rows)).to.deep.equal({ "s.supply": "0 → 5", [`s.balances[${WHO}]`]: "0 → 5" });
    const facets = [layouts.get(one)!, readLayout(output, "Hard.sol", "Child")!];
    const both = decodeWrites(trace.writes, { layoutsOf: () => facets, preimages: await trace.preimages() });
    expect(both.filter(({ isAmbiguous }) => isAmbiguous).map(({ label }) => label)).to.deep.equal(["s.supply"]);
  });

  it("TRC-24 names nothing without a layout, and nothing by a hash that is not in the trace", async () => {
    const kinds = await deploy("Kinds");
    const { trace } = await run(kinds, "Kinds", "fill", [WHO, -3, 1]);
    const unknown = decodeWrites(trace.writes, { layoutsOf: () => [], preimages: await trace.preimages() });
    expect(unknown).to.deep.equal(trace.writes);
    const blind = decodeWrites(trace.writes, { layoutsOf: () => [layouts.get(kinds)!], preimages: new Map() });
    const labels = blind.map(({ label }) => label);
    expect(labels).to.include("list[1]").and.to.not.include(`balances[${WHO}]`);
    expect(labels.filter((label) => label === undefined).length).to.be.greaterThan(8);
  });

  it("TRC-25 finds the keys that calls show by itself, and asks the node for what was hashed only beyond those", async () => {
    const kinds = await deploy("Kinds");
    // As long as addresses are: what is much shorter is taken for a number.
    const user = getAddress(`0x${"a1".repeat(20)}`);
    let asked = 0;
    const named = async (method: string, args: unknown[]) => {
      const { trace } = await run(kinds, "Kinds", method, args);
      asked = 0;
      const preimages = () => {
        asked += 1;
        return trace.preimages();
      };
      return describeWrites({ ...trace, preimages }, (account) => Promise.resolve(layouts.get(account)));
    };
    await named("fill", [user, -3, 1]);
    expect(asked, "a string is a key there").to.equal(1);
    const rows = await named("change", [user]);
    expect(rows.map(({ label }) => label)).to.include(`balances[${user}]`);
    expect(asked).to.equal(0);
  });
});
