import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Interface } from "ethers";
import { readAddressBook } from "../../../src/chain/addressBook";
import { readExpectFile } from "../../../src/foreign/readExpectFile";
import { readCallsFile, readSafeBatch } from "../../../src/foreign/readCallsFile";
import { expectError } from "../../helpers/expectError";

const TARGET = "0x000000000000000000000000000000000000dEaD";

describe("files of calls", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-files-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (content: unknown) => {
    const file = join(folder, "file.json");
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  };

  it("FGN-50 are a list, or an object with a list and what there is to say about it", async () => {
    const call = { target: TARGET.toLowerCase(), value: "1000000000000000000000", data: "0x12" };
    expect(readCallsFile(write([call, { target: TARGET }])).calls).to.deep.equal([
      { target: TARGET, value: 10n ** 21n, data: "0x12" },
      { target: TARGET, value: 0n, data: "0x" },
    ]);
    const stated = readCallsFile(write({ title: "T", chainId: 10, from: TARGET, calls: [call] }));
    expect(stated).to.deep.include({ title: "T", description: "T", chainId: 10n, from: TARGET });
    const wrong: [unknown, string, string][] = [
      [[{ target: "0x12" }], "0.target", "an address"],
      [[{ target: TARGET, data: "0x1" }], "0.data", "bytes in hex"],
      [[{ target: TARGET, value: "1 ether" }], "0.value", "wei"],
      [[{ target: TARGET, operation: 1 }], "0", "operation"],
      [[{ target: TARGET, value: String(2n ** 256n) }], "0.value", "256 bits"],
      [[{ target: TARGET, value: `0x1${"0".repeat(64)}` }], "0.value", "256 bits"],
      [[{ target: TARGET, value: -1 }], "0.value", ">=0"],
      [[{ target: TARGET, value: 2 ** 60 }], "0.value", ""],
      [[{ target: TARGET.toLowerCase().replace("dead", "Dead") }], "0.target", "an address"],
      [{ chainId: "main", calls: [call] }, "chainId", "a chain id"],
      [{ chainId: "", calls: [call] }, "chainId", "a chain id"],
      [{ calls: [call], Calls: [call] }, "", "Calls"],
      // What a person reads first, and what is run.
      [`[{"target": "${TARGET}", "data": "0x12", "data": "0x34"}]`, "", "every key once"],
      [`{"calls": [{"target": "${TARGET}"}], "calls": [{"target": "${TARGET}", "value": "1"}]}`, "", "every key once"],
      [[], "", ">=1"],
      ["nothing", "", "JSON"],
    ];
    for (const [content, where, found] of wrong) {
      const file = write(content);
      const error = await expectError(() => readCallsFile(file), "GovernanceInputInvalid", { where });
      expect(`${error.facts.found} ${error.facts.expected}`).to.contain(found);
    }
    await expectError(() => readCallsFile(join(folder, "none.json")), "GovernanceInputInvalid", {
      found: "no such file",
    });
  });

  it("FGN-51 of the Transaction Builder are encoded from method and values: lists, structs, numbers beyond 2^53", () => {
    const inputs = [
      { name: "list", type: "uint256[]", internalType: "uint256[]" },
      {
        name: "order",
        type: "tuple",
        internalType: "struct Order",
        components: [
          { name: "to", type: "address", internalType: "address" },
          { name: "isOpen", type: "bool", internalType: "bool" },
        ],
      },
      { name: "note", type: "string", internalType: "string" },
      { name: "isLast", type: "bool", internalType: "bool" },
    ];
    const values = {
      list: "[1, 100000000000000000000000]",
      order: `["${TARGET}", true]`,
      note: "[1]",
      isLast: "false",
    };
    const transaction = {
      to: TARGET,
      value: "5",
      data: null,
      contractMethod: { name: "place", payable: true, inputs },
      contractInputsValues: values,
    };
    const plain = { to: TARGET, value: "7", data: "0x" };
    const file = {
      version: "1.0",
      chainId: "1",
      createdAt: 1,
      meta: { name: "B" },
      transactions: [transaction, plain],
    };
    const { calls, chainId } = readSafeBatch(write(file));
    const abi = new Interface([
      "function place(uint256[] list, (address to, bool isOpen) order, string note, bool isLast)",
    ]);
    expect(calls).to.deep.equal([
      {
        target: TARGET,
        value: 5n,
        data: abi.encodeFunctionData("place", [[1n, 10n ** 23n], [TARGET, true], "[1]", false]),
      },
      { target: TARGET, value: 7n, data: "0x" },
    ]);
    expect(chainId).to.equal(1n);
  });

  it("FGN-53 of the Transaction Builder are refused where two readers would read two things", async () => {
    const batch = (transaction: object, more: object = {}) => ({
      version: "1.0",
      chainId: "1",
      meta: { name: "B" },
      transactions: [{ to: TARGET, value: "0", data: "0x", ...transaction }],
      ...more,
    });
    expect(readSafeBatch(write(batch({ operation: 0 }))).calls).to.have.length(1);
    const wrong: [unknown, string][] = [
      [batch({ operation: 1 }), "a call"],
      [batch({ operation: "1" }), "a call"],
      [batch({ data: "0x123" }), "bytes in hex"],
      [batch({ data: "12" }), "bytes in hex"],
      [batch({ value: String(2n ** 256n) }), "256 bits"],
      [batch({ value: "-1" }), "256 bits"],
      [batch({ value: "0x10" }), "256 bits"],
      [batch({}, { chainId: "0x1" }), "a chain id"],
      [batch({}, { chainId: "" }), "a chain id"],
      [JSON.stringify(batch({})).replace('"data":"0x"', '"data":"0x","data":"0x12"'), "every key once"],
      [
        batch({
          contractMethod: { name: "f", inputs: [{ name: "a", type: "uint256" }] },
          contractInputsValues: { a: "" },
        }),
        "",
      ],
    ];
    for (const [content, found] of wrong) {
      const file = write(content);
      const error = await expectError(() => readSafeBatch(file), "GovernanceInputInvalid", {});
      expect(`${error.facts.found} ${error.facts.expected}`).to.contain(found);
    }
  });

  it("FGN-52 of what is expected have the form that a plan file gives it", async () => {
    const book = readAddressBook(folder);
    const file = write(`flows: [{ from: "${TARGET}", to: "${TARGET}", most: 5 }]`);
    expect(readExpectFile(file, book).flows).to.have.length(1);
    await expectError(() => readExpectFile(write("flow: []"), book), "GovernanceInputInvalid", {
      where: "file.json:1:1",
    });
  });
});
