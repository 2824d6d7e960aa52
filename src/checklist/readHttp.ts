const PATIENCE = 10_000;

export interface HttpAnswer {
  /** Undefined: nobody answered. */
  status?: number;
  text: string;
}

/** Asks once, and takes no answer within ten seconds for none. */
export async function readHttp(url: string, init: RequestInit = {}): Promise<HttpAnswer> {
  try {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) });
    return { status: answer.status, text: await answer.text() };
  } catch (thrown) {
    const cause = (thrown as { cause?: { code?: string } }).cause?.code;
    return { text: cause ?? (thrown instanceof Error ? thrown.message : String(thrown)) };
  }
}

export interface RpcAnswer {
  result?: unknown;
  error?: { code: number; message: string };
}

/** One JSON-RPC request. Throws where the endpoint does not answer with JSON. */
export async function askRpc(url: string, method: string, params: readonly unknown[]): Promise<RpcAnswer> {
  const { status, text } = await readHttp(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  if (status === undefined) throw new Error(`${url}: ${text}`);
  try {
    return JSON.parse(text) as RpcAnswer;
  } catch {
    throw new Error(`${url}: HTTP ${status} without JSON`);
  }
}
