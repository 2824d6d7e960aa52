import { dataSlice, getBytes, hexlify } from "ethers";

/** What solc writes behind runtime code (CBOR), as far as it matters here. */
export interface Metadata {
  /** "0.8.36". */
  solc?: string;
  /** Multihash of the compiler's metadata file: the same sources and settings have the same. */
  ipfs?: string;
}

export interface SplitCode {
  /** Without the metadata. */
  code: string;
  /** Absent where the code does not end in any. */
  metadata?: Metadata;
}

const SOLC = "64736f6c6343";
const IPFS = "64697066735822";

/** Parts code from the metadata that solc appends: a small CBOR map, and its length in the last two bytes. */
export function splitMetadata(code: string): SplitCode {
  const bytes = getBytes(code);
  if (bytes.length < 4) return { code };
  const length = bytes[bytes.length - 2]! * 256 + bytes[bytes.length - 1]!;
  const start = bytes.length - 2 - length;
  // A map of one to four entries.
  if (start < 0 || bytes[start]! < 0xa1 || bytes[start]! > 0xa4) return { code };
  const text = hexlify(bytes.subarray(start, bytes.length - 2)).slice(2);
  const after = (key: string, size: number) => {
    const at = text.indexOf(key);
    return at === -1 ? undefined : text.slice(at + key.length, at + key.length + 2 * size);
  };
  const version = after(SOLC, 3);
  const ipfs = after(IPFS, 34);
  if (version === undefined && ipfs === undefined && !text.includes("627a7a72")) return { code };
  return {
    code: dataSlice(code, 0, start),
    metadata: {
      solc: version === undefined ? undefined : [...getBytes(`0x${version}`)].join("."),
      ipfs: ipfs === undefined ? undefined : `0x${ipfs}`,
    },
  };
}
