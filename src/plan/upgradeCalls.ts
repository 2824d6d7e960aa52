import { Interface, type Provider } from "ethers";
import { readProbe } from "./probe";
import { ModuleKind, type Call } from "./types";

export const PROXY_ABI = new Interface([
  "function upgrade(address proxy, address implementation)",
  "function upgradeAndCall(address proxy, address implementation, bytes data) payable",
  "function upgradeTo(address implementation)",
  "function upgradeToAndCall(address implementation, bytes data) payable",
  "function getProxyImplementation(address proxy) view returns (address)",
  "function owner() view returns (address)",
  "function UPGRADE_INTERFACE_VERSION() view returns (string)",
]);

/**
 * How an account takes upgrades. OpenZeppelin 5 has one verb, and empty data there means "no call"; before that, empty data
 * meant a call without data, and another verb meant none.
 */
export type UpgradeInterface = "v4" | "v5";

export async function upgradeInterfaceOf(provider: Provider, account: string): Promise<UpgradeInterface> {
  const answer = await readProbe(provider, {
    target: account,
    data: PROXY_ABI.encodeFunctionData("UPGRADE_INTERFACE_VERSION"),
    gas: 100_000n,
  });
  return answer === undefined ? "v4" : "v5";
}

/** Who receives upgrade calls, and how it wants them. */
export interface UpgradeRoute {
  kind: ModuleKind;
  proxy: string;
  /** Of a transparent proxy. */
  proxyAdmin?: string;
  verbs: UpgradeInterface;
}

/** The call that sets `implementation` and, unless `data` is empty, runs `data` on it in the same call. */
export function upgradeCall(route: UpgradeRoute, implementation: string, data: string): Call {
  const isPlain = data === "0x" && route.verbs === "v4";
  if (route.kind === ModuleKind.Transparent) {
    return {
      target: route.proxyAdmin!,
      value: 0n,
      data: isPlain
        ? PROXY_ABI.encodeFunctionData("upgrade", [route.proxy, implementation])
        : PROXY_ABI.encodeFunctionData("upgradeAndCall", [route.proxy, implementation, data]),
    };
  }
  return {
    target: route.proxy,
    value: 0n,
    data: isPlain
      ? PROXY_ABI.encodeFunctionData("upgradeTo", [implementation])
      : PROXY_ABI.encodeFunctionData("upgradeToAndCall", [implementation, data]),
  };
}
