import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BrowserProvider } from "ethers";
import hre from "hardhat";
import type { Client } from "../../src/client";
import { artifactsOf } from "../../tasks/support/artifacts";

export type TestClient = Client & { provider: BrowserProvider; lines: string[] };

/** A client of the in-process network, with a folder of its own that `removeClients` takes away. */
export async function testClient(account?: string): Promise<TestClient> {
  const provider = new BrowserProvider(hre.network.provider, undefined, { cacheTimeout: -1, pollingInterval: 5 });
  const deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-deployments-"));
  const lines: string[] = [];
  opened.push({ provider, deploymentsDir });
  return {
    provider,
    signer: await provider.getSigner(account),
    artifacts: artifactsOf(hre),
    clock: { now: () => 1_700_000_000 },
    log: (line) => lines.push(line),
    deploymentsDir,
    lines,
  };
}

const opened: { provider: BrowserProvider; deploymentsDir: string }[] = [];

export function removeClients(): void {
  for (const { provider, deploymentsDir } of opened.splice(0)) {
    provider.destroy();
    rmSync(deploymentsDir, { recursive: true });
  }
}
