import { Contract, type TransactionRequest } from "ethers";
import type { Client } from "../client";
import type { Registry } from "../registry/connect";

/** The client with every call answered as of the end of one block. */
export function clientAt(client: Client, block: number): Client {
  const provider = new Proxy(client.provider, {
    get(target, key) {
      if (key === "call") return (request: TransactionRequest) => target.call({ ...request, blockTag: block });
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { ...client, provider };
}

/** The registry as it answered at the end of one block. */
export function registryAt(client: Client, registry: Registry, block: number): Registry {
  const { provider } = client;
  const runner = { provider, call: (request: TransactionRequest) => provider.call({ ...request, blockTag: block }) };
  return { ...registry, contract: new Contract(registry.address, registry.iface, runner) };
}
