import { getBytes, hexlify, sha256, toUtf8Bytes } from "ethers";

/** A file that is larger is cut in pieces, and its hash is that of their list. */
const ONE_BLOCK = 262_144;

/** Multihash of a file as IPFS keeps it in one block (version 0): the hash at the end of solc's code. Undefined for larger files. */
export function ipfsHash(text: string): string | undefined {
  const content = toUtf8Bytes(text);
  if (content.length > ONE_BLOCK) return undefined;
  const length = varint(content.length);
  // UnixFS: a file (2), its bytes, its size; then the block around it.
  const file = [0x08, 0x02, 0x12, ...length, ...content, 0x18, ...length];
  const block = Uint8Array.from([0x0a, ...varint(file.length), ...file]);
  return hexlify(Uint8Array.from([0x12, 0x20, ...getBytes(sha256(block))]));
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
