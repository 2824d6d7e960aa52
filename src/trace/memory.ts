const WORD = 32;

/** Memory of one frame, as the EVM keeps it: bytes that grow by words, zero until written. */
export class Memory {
  private bytes = new Uint8Array(1_024);
  private words = 0;

  /** Gas that touching these bytes costs; nothing is touched yet. */
  costOf(offset: bigint, size: bigint): bigint {
    if (size === 0n) return 0n;
    const words = (offset + size + 31n) / 32n;
    const held = BigInt(this.words);
    return words <= held ? 0n : costOfWords(words) - costOfWords(held);
  }

  touch(offset: bigint, size: bigint): void {
    if (size === 0n) return;
    const end = Number(offset + size);
    this.words = Math.max(this.words, Math.ceil(end / WORD));
    const wanted = this.words * WORD;
    if (wanted <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(wanted, 2 * this.bytes.length));
    grown.set(this.bytes);
    this.bytes = grown;
  }

  /** A copy. */
  read(offset: bigint, size: bigint): Uint8Array {
    if (size === 0n) return new Uint8Array();
    this.touch(offset, size);
    return this.bytes.slice(Number(offset), Number(offset + size));
  }

  write(offset: bigint, data: Uint8Array): void {
    if (data.length === 0) return;
    this.touch(offset, BigInt(data.length));
    this.bytes.set(data, Number(offset));
  }

  /** As the copying opcodes do: what the source does not have is zeros. */
  copy(to: bigint, source: Uint8Array, from: bigint, size: bigint): void {
    if (size === 0n) return;
    const piece = new Uint8Array(Number(size));
    if (from < BigInt(source.length)) piece.set(source.subarray(Number(from), Number(from + size)));
    this.write(to, piece);
  }
}

/** Gas of memory of so many words, from nothing. */
function costOfWords(words: bigint): bigint {
  return 3n * words + (words * words) / 512n;
}
