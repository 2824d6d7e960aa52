import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SlipwayError } from "../errors";
import { CONTENT_TYPE } from "./exposition";

export interface MetricsServer {
  url: string;
  close: () => Promise<void>;
}

interface ServeOptions {
  host: string;
  /** Zero: any that is free. */
  port: number;
  /** What a scrape is answered with, read anew for each. */
  read: () => Promise<string>;
  log: (line: string) => void;
}

/** Answers GET /metrics until it is closed. A scrape that cannot be read fails: stale figures would hide a lost node. */
export async function serveMetrics({ host, port, read, log }: ServeOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      response.writeHead(404).end("GET /metrics\n");
      return;
    }
    read().then(
      (text) => response.writeHead(200, { "content-type": CONTENT_TYPE }).end(text),
      (thrown: unknown) => {
        log(`scrape failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
        response.writeHead(503).end("the chain could not be read\n");
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const found = `${host}:${port} (${error.code})`;
      reject(new SlipwayError("OptionInvalid", { where: "--listen", expected: "an address that is free", found }));
    });
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${bound}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
