import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A node in front of another that strikes when the n-th transaction passes. */
export interface KillingNode {
  url: string;
  close(): Promise<void>;
}

/**
 * Passes everything on to `target`, until transaction number `count` comes: `before` it is passed on, or `after` the target
 * has it and before the sender hears of it, `strike` is called, and the sender never gets an answer.
 */
export async function killingNode(
  target: string,
  { count, when, strike }: { count: number; when: "before" | "after"; strike: () => void },
): Promise<KillingNode> {
  let seen = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await read(request);
    const isFatal = /"eth_send(Raw)?Transaction"/.test(body) && ++seen === count;
    if (isFatal && when === "before") return strike();
    const answer = await fetch(target, { method: "POST", headers: { "content-type": "application/json" }, body });
    const text = await answer.text();
    if (isFatal) return strike();
    response.setHeader("content-type", "application/json");
    response.end(text);
  };
  const server: Server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
