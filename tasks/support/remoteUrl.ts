import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";

/** RPC endpoint of the network; a fork is made over RPC, by another process than this one. `command` is named in the error. */
export function remoteUrl(hre: HardhatRuntimeEnvironment, command: string): string {
  const { config, name } = hre.network;
  if ("url" in config && typeof config.url === "string") return config.url;
  throw new SlipwayError("OptionInvalid", {
    where: `--network ${name}`,
    expected: "a network with an RPC URL to fork from",
    found: "Hardhat's in-process network",
    next: `SLIPWAY_RPC_URL=… npx hardhat --network remote ${command}`,
  });
}
