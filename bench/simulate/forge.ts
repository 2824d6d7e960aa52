import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AbiCoder, ZeroAddress } from "ethers";
import { forgeBinary } from "../../scripts/fuzz/run";
import { ROOT, WORK } from "../../scripts/fuzz/bytecode";
import type { Act } from "./record";

const KIND = { send: 0, create: 1, warp: 2, mine: 3, deal: 4, snapshot: 5, revert: 6 };

/** The acts as `SameCalls.sol` reads them. */
export function encodeActs(acts: readonly Act[]): string {
  const rows = acts.flatMap((act): unknown[][] => {
    switch (act.kind) {
      case "send":
        return [[KIND.send, act.from, act.to, BigInt(act.value), act.data]];
      case "create":
        return [[KIND.create, act.from, ZeroAddress, act.nonce, act.data]];
      case "snapshot":
        return [[KIND.snapshot, ZeroAddress, ZeroAddress, 0, "0x"]];
      case "revert":
        return [[KIND.revert, ZeroAddress, ZeroAddress, act.index, "0x"]];
      case "tell":
        return told(act);
    }
  });
  return AbiCoder.defaultAbiCoder().encode(["tuple(uint8,address,address,uint256,bytes)[]"], [rows]);
}

function told({ method, params }: Extract<Act, { kind: "tell" }>): unknown[][] {
  const number = () => BigInt(params[method === "hardhat_setBalance" ? 1 : 0] as string | number);
  switch (method) {
    case "evm_mine":
      return [[KIND.mine, ZeroAddress, ZeroAddress, 0, "0x"]];
    case "evm_setNextBlockTimestamp":
      return [[KIND.warp, ZeroAddress, ZeroAddress, number(), "0x"]];
    case "hardhat_setBalance":
      return [[KIND.deal, params[0], ZeroAddress, number(), "0x"]];
    default:
      return [];
  }
}

/** Runs the same acts in one `forge script` on a fork; built before, so that only its run is measured. Seconds. */
export async function forgeScript(
  acts: readonly Act[],
  remote: { url: string; block: number; chainId: bigint },
): Promise<number> {
  const work = join(WORK, "same-calls");
  mkdirSync(work, { recursive: true });
  const file = join(work, "acts.bin");
  writeFileSync(file, Buffer.from(encodeActs(acts).slice(2), "hex"));
  const environment = {
    FOUNDRY_SRC: "bench/simulate",
    FOUNDRY_TEST: "bench/simulate",
    FOUNDRY_SCRIPT: "bench/simulate",
    FOUNDRY_OUT: join(work, "out"),
    FOUNDRY_CACHE_PATH: join(work, "cache"),
    FOUNDRY_NO_STORAGE_CACHING: "true",
    SLIPWAY_ACTS: file,
  };
  await forge(["build"], environment);
  const start = performance.now();
  await forge(
    [
      "script",
      "bench/simulate/SameCalls.sol:SameCalls",
      ...["--fork-url", remote.url, "--fork-block-number", String(remote.block)],
      // Ids of proposals depend on it, and this folder's settings name another.
      ...["--chain", String(remote.chainId)],
    ],
    environment,
  );
  return (performance.now() - start) / 1_000;
}

function forge(args: readonly string[], environment: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(forgeBinary(), [...args, "--color", "never"], {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`forge ${args[0]} ended with ${code}:\n${said.slice(-4_000)}`));
    });
  });
}
