import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { anvilBinary, startAnvil } from "../../src/chain/anvil";
import { startLocalNode } from "../../src/chain/localNode";
import { expectError } from "../helpers/expectError";

const ROOT = join(__dirname, "../..");

/** A process of its own that starts a node, says its pid, and then does `ending`. */
async function nodeOfAnother(
  ending: string,
): Promise<{ node: number; kill: (signal: NodeJS.Signals) => Promise<number | string> }> {
  const script = `
    require("ts-node/register/transpile-only");
    const { startAnvil } = require("./src/chain/anvil");
    startAnvil({ root: ${JSON.stringify(ROOT)} }).then(({ pid }) => { console.log(pid); ${ending} });`;
  const child = spawn(process.execPath, ["-e", script], { cwd: ROOT, stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const [first] = (await once(child.stdout, "data")) as [Buffer];
  return {
    node: Number(first.toString().trim()),
    kill: async (signal) => {
      child.kill(signal);
      const [code, by] = await ended;
      return code ?? by ?? "";
    },
  };
}

async function isGone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 100; ++attempt) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

describe("localNode", () => {
  it("SIM-06 ends with the process that started it: at its end, by SIGINT and by SIGTERM", async () => {
    const endings: [string, NodeJS.Signals, number | string][] = [
      ["process.exit(3)", "SIGCONT", 3],
      ["throw new Error('on purpose')", "SIGCONT", 1],
      ["setInterval(() => 0, 1000)", "SIGINT", "SIGINT"],
      ["setInterval(() => 0, 1000)", "SIGTERM", "SIGTERM"],
    ];
    for (const [ending, signal, expected] of endings) {
      const { node, kill } = await nodeOfAnother(ending);
      expect(node, ending).to.be.greaterThan(1);
      expect(await kill(signal), ending).to.equal(expected);
      expect(await isGone(node), ending).to.equal(true);
    }
  });

  it("SIM-07 stops its own node, and leaves another one alone", async () => {
    const [first, second] = await Promise.all([startAnvil({ root: ROOT }), startAnvil({ root: ROOT })]);
    try {
      expect(first.url).to.not.equal(second.url);
      await first.stop();
      expect(await isGone(first.pid)).to.equal(true);
      expect(process.kill(second.pid, 0)).to.equal(true);
      await first.stop();
    } finally {
      await second.stop();
    }
    expect(await isGone(second.pid)).to.equal(true);
  });

  it("SIM-08 tells what a node said that did not start", async () => {
    const args = ["-e", "console.error('address in use'); process.exit(4)"];
    await expectError(
      () => startLocalNode({ name: "anvil", command: process.execPath, args, port: /port (\d+)/ }),
      "NodeNotStarted",
      {
        where: "anvil",
        found: "it ended with code 4: address in use",
      },
    );
    const silent = ["-e", "setInterval(() => 0, 1000)"];
    await expectError(
      () =>
        startLocalNode({ name: "anvil", command: process.execPath, args: silent, port: /port (\d+)/, patience: 200 }),
      "NodeNotStarted",
      { found: "nothing for 200 ms: " },
    );
    expect(() => anvilBinary(tmpdir())).to.throw("NodeNotStarted (SLIP-920)");
  });
});
