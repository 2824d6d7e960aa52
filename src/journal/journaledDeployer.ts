import {
  AbstractSigner,
  keccak256,
  type Provider,
  type TransactionRequest,
  type TransactionResponse,
  type TypedDataDomain,
  type TypedDataField,
} from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { historyOf } from "./history";
import { readJournal } from "./journal";
import { sendOnce, settleJournal } from "./sendOnce";

/**
 * A signer that creates each contract once: what the journal says was created already, with the same code and arguments,
 * is given back as if it had been sent now. So a deployment that was killed goes on where it was.
 */
export class JournaledDeployer extends AbstractSigner {
  /** `names`: creation code by contract, for the verbs of the journal. */
  constructor(
    private readonly client: Client,
    private readonly journal: string,
    private readonly names: ReadonlyMap<string, string>,
  ) {
    super(client.provider);
  }

  override async sendTransaction(request: TransactionRequest): Promise<TransactionResponse> {
    const { data, to } = await this.resolve(request);
    if (to !== undefined || data === undefined) throw new Error("this signer only creates contracts");
    await settleJournal(this.client, this.journal);
    const earlier = await this.created(keccak256(data));
    if (earlier !== undefined) return earlier;
    const outcome = await sendOnce(this.client, {
      verb: `create ${this.nameOf(data)}`,
      journal: this.journal,
      transaction: { data },
      isDone: () => Promise.resolve(false),
    });
    const hash = outcome.receipt?.hash ?? "";
    const response = await this.client.provider.getTransaction(hash);
    if (response === null) throw new SlipwayError("TransactionLost", { where: this.nameOf(data), found: hash });
    return response;
  }

  override async getAddress(): Promise<string> {
    return (await this.client.signer?.getAddress()) ?? "";
  }

  override connect(_provider: Provider | null): JournaledDeployer {
    return this;
  }

  override signTransaction(_request: TransactionRequest): Promise<string> {
    throw new Error("this signer only creates contracts");
  }

  override signMessage(_message: string | Uint8Array): Promise<string> {
    throw new Error("this signer only creates contracts");
  }

  override signTypedData(
    _domain: TypedDataDomain,
    _types: Record<string, TypedDataField[]>,
    _value: Record<string, unknown>,
  ): Promise<string> {
    throw new Error("this signer only creates contracts");
  }

  /** The transaction of an earlier run that created the same, if this chain still has what it created. */
  private async created(dataHash: string): Promise<TransactionResponse | undefined> {
    for (const step of historyOf(readJournal(this.journal).entries)) {
      if (step.dataHash !== dataHash || step.outcome !== "confirmed" || step.hash === undefined) continue;
      const receipt = await this.client.provider.getTransactionReceipt(step.hash);
      const address = receipt?.contractAddress;
      if (address == null || (await this.client.provider.getCode(address)) === "0x") continue;
      return (await this.client.provider.getTransaction(step.hash)) ?? undefined;
    }
    return undefined;
  }

  private async resolve({ data, to }: TransactionRequest): Promise<{ data?: string; to?: string }> {
    return { data: data ?? undefined, to: to == null ? undefined : String(await to) };
  }

  private nameOf(data: string): string {
    for (const [name, bytecode] of this.names) if (data.startsWith(bytecode)) return name;
    return "contract";
  }
}
