import { getAddress, type Interface, type ParamType } from "ethers";

/** An address that calldata passes on, and where it stands in it. */
export interface PassedAddress {
  address: string;
  /** "upgradeToAndCall(address,bytes), newImplementation". */
  where: string;
}

/** What calldata says to whoever has these ABIs, messages inside messages too. */
export interface ReadCalldata {
  /** Functions that were read, the inner ones behind the outer. */
  functions: string[];
  /** What no ABI reads, each in one line. */
  unknown: string[];
  addresses: PassedAddress[];
}

/** Reads calldata as deep as it goes. Bytes that could be a call and are none that is known are unknown, and so is what hangs on behind. */
export function readCalldata(data: string, abis: readonly Interface[], where: string): ReadCalldata {
  const found: ReadCalldata = { functions: [], unknown: [], addresses: [] };
  if (data !== "0x") readCall(data, abis, where, found);
  return found;
}

function readCall(data: string, abis: readonly Interface[], where: string, found: ReadCalldata): void {
  const selector = data.slice(0, 10);
  const tries = abis.flatMap((abi) => {
    const fragment = data.length < 10 ? null : abi.getFunction(selector);
    return fragment === null ? [] : [{ abi, fragment }];
  });
  if (tries.length === 0) {
    found.unknown.push(`${where}: unknown function ${selector}, ${(data.length - 2) / 2} bytes`);
    return;
  }
  const [first] = tries;
  const read = tries.flatMap(({ abi, fragment }) => {
    try {
      const values = abi.decodeFunctionData(fragment, data);
      return [{ fragment, values, isExact: abi.encodeFunctionData(fragment, [...values]) === data }];
    } catch {
      return [];
    }
  });
  const best = read.find(({ isExact }) => isExact) ?? read[0];
  const signature = (best ?? first!).fragment.format("sighash");
  found.functions.push(signature);
  if (best === undefined) {
    found.unknown.push(`${where}: ${signature} with arguments that are none of its types`);
    return;
  }
  if (!best.isExact) found.unknown.push(`${where}: ${signature} carries bytes that are none of its arguments`);
  best.fragment.inputs.forEach((input, i) =>
    readValue(input, best.values[i] as unknown, abis, `${where}, ${signature}, ${input.name || i}`, found),
  );
}

function readValue(
  input: ParamType,
  value: unknown,
  abis: readonly Interface[],
  where: string,
  found: ReadCalldata,
): void {
  if (input.isArray()) {
    (value as unknown[]).forEach((item, i) => readValue(input.arrayChildren, item, abis, `${where}[${i}]`, found));
  } else if (input.isTuple()) {
    input.components.forEach((part, i) =>
      readValue(part, (value as unknown[])[i], abis, `${where}.${part.name || i}`, found),
    );
  } else if (input.type === "address") {
    found.addresses.push({ address: getAddress(String(value)), where });
  } else if (input.type === "bytes" && value !== "0x") {
    readCall(String(value), abis, where, found);
  }
}
