import { Contract, Interface, type FunctionFragment } from "ethers";
import type { Client } from "../client";

/** A value that a contract tells when it is asked without arguments. */
export interface Parameter {
  what: string;
  value: string;
}

/** Gas for one question: a view that wants more tells no parameter. */
const GAS = 200_000n;

/**
 * What every view function without arguments of `abi` answers at `account`, in the ABI's order. One that reverts, or that is not
 * there yet, has no row.
 */
export async function readParameters(client: Client, account: string, abi: Interface): Promise<Parameter[]> {
  const contract = new Contract(account, abi, client.provider);
  const rows = await Promise.all(
    abi.fragments
      .filter((fragment): fragment is FunctionFragment => fragment.type === "function")
      .filter(({ inputs, outputs, stateMutability }) => {
        return inputs.length === 0 && outputs.length > 0 && /^(view|pure)$/.test(stateMutability);
      })
      .map(async (fragment) => {
        const data = abi.encodeFunctionData(fragment);
        const answer = await client.provider
          .call({ to: contract.target, data, gasLimit: GAS })
          .catch((thrown: { code?: string }) => {
            if (thrown.code === "CALL_EXCEPTION") return undefined;
            throw thrown;
          });
        const values = answer === undefined ? undefined : decoded(abi, fragment, answer);
        return values === undefined ? [] : [{ what: `${fragment.name}()`, value: values }];
      }),
  );
  return rows.flat();
}

/** Undefined where the answer is not one of that function: another function behind a fallback, or no code. */
function decoded(abi: Interface, fragment: FunctionFragment, answer: string): string | undefined {
  try {
    return abi
      .decodeFunctionResult(fragment, answer)
      .toArray()
      .map((value) => text(value))
      .join(", ");
  } catch {
    return undefined;
  }
}

function text(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(text).join(", ")}]` : String(value);
}
