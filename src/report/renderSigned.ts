import type { SignedStatement } from "../registry/statements/signStatement";

/** What was signed, field by field, with the hashes that a device shows. */
export function renderSigned(file: string, signed: SignedStatement): string {
  const { typedData, statement } = signed;
  const fields = Object.entries(typedData.message).map(([name, value]) => `  ${name.padEnd(12)}${String(value)}`);
  return [
    `${statement.verb}: ${typedData.primaryType} for ${typedData.domain.name} at ${typedData.domain.verifyingContract}, chain ${typedData.domain.chainId}`,
    ...Object.entries(statement)
      .filter(([name]) => !(name in typedData.message) && name !== "verb")
      .map(([name, value]) => `  ${name.padEnd(12)}${String(value)}`),
    ...fields,
    `  signer      ${signed.signer}`,
    `  domain hash ${signed.domainHash}`,
    `  message hash ${signed.messageHash}`,
    `  digest      ${signed.digest}`,
    signed.signature === null ? `unsigned, in ${file}` : `signed, in ${file}`,
  ].join("\n");
}
