import { once } from "node:events";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import { exposition } from "../../src/metrics/exposition";
import { readMetrics } from "../../src/metrics/readMetrics";
import { serveMetrics } from "../../src/metrics/serve";
import { connectRegistry } from "../../src/registry/connect";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface MetricsArgs extends OutputArgs {
  listen?: string;
}

export const action = (args: MetricsArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    if (args.listen !== undefined) {
      const read = async () => exposition(await readMetrics(client, registry));
      const server = await serveMetrics({ ...addressOf(args.listen), read, log: client.log });
      client.log(`metrics at ${server.url}; interrupt to stop`);
      await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
      await server.close();
    }
    const samples = await readMetrics(client, registry);
    return { report: { registry: registry.address, samples }, text: (await exposition(samples)).trimEnd() };
  });

/** `PORT` on the loopback interface, or `HOST:PORT`. */
function addressOf(text: string): { host: string; port: number } {
  const [, host, port] = /^(?:([\w.-]+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port !== undefined && Number(port) <= 65_535) return { host: host ?? "127.0.0.1", port: Number(port) };
  throw new SlipwayError("OptionInvalid", { where: "--listen", expected: "PORT or HOST:PORT", found: text });
}
