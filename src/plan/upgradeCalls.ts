import { Interface, ZeroHash, type Provider } from "ethers";
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

/** Of a proxy that is upgraded through its own implementation; Axelar's. `params` go to the new code's `setup`. */
export const OWN_ADMIN_ABI = new Interface([
  "function upgrade(address implementation, bytes32 codeHash, bytes params)",
  "function setup(bytes params)",
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
  /** Of a transparent proxy, unless its admin is the timelock itself. */
  proxyAdmin?: string;
  verbs: UpgradeInterface;
}

/** Whether the timelock is a transparent proxy's admin: then the proxy lets none of its calls through to the implementation. */
export function isShutOut({ kind, proxyAdmin }: UpgradeRoute): boolean {
  return kind === ModuleKind.Transparent && proxyAdmin === undefined;
}

/**
 * The call that sets `implementation` and, unless `data` is empty, runs `data` on it in the same call.
 * @param codeHash Of the implementation; only a proxy of kind `OwnAdmin` asks for it.
 */
export function upgradeCall(route: UpgradeRoute, implementation: string, data: string, codeHash = ZeroHash): Call {
  const isPlain = data === "0x" && route.verbs === "v4";
  if (route.kind === ModuleKind.OwnAdmin) {
    const params = data === "0x" ? "0x" : (OWN_ADMIN_ABI.decodeFunctionData("setup", data)[0] as string);
    return {
      target: route.proxy,
      value: 0n,
      data: OWN_ADMIN_ABI.encodeFunctionData("upgrade", [implementation, codeHash, params]),
    };
  }
  if (route.kind === ModuleKind.Transparent && route.proxyAdmin !== undefined) {
    return {
      target: route.proxyAdmin,
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
