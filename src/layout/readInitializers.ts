import { declarations, type AstNode, type CompilerOutput } from "./readNamespaces";

/** A function that initialises one version, and which. */
export interface NumberedInitializer {
  name: string;
  selector: string;
  /** What the version is after it: 1 of the first. */
  number: bigint;
}

interface FunctionNode extends AstNode {
  functionSelector?: string;
  modifiers?: { modifierName?: AstNode; arguments?: ExpressionNode[] | null }[];
}

type ExpressionNode = Omit<AstNode, "length"> & {
  kind?: string;
  arguments?: ExpressionNode[];
  value?: string | ExpressionNode | null;
};

/** Functions from outside that initialise a version: by the modifiers of OpenZeppelin, or by the number that they end with. */
export function readInitializers(
  output: CompilerOutput,
  source: string,
  name: string,
): NumberedInitializer[] | undefined {
  const contract = output.sources[source]?.ast.nodes?.find(
    (node) => node.nodeType === "ContractDefinition" && node.name === name,
  );
  if (contract === undefined) return undefined;
  const declared = declarations(output);
  const seen = new Set<string>();
  const found: NumberedInitializer[] = [];
  // From the contract itself to its oldest base: what is overridden is not there any more.
  for (const id of contract.linearizedBaseContracts ?? []) {
    for (const node of (declared.get(id)?.nodes ?? []) as FunctionNode[]) {
      const { nodeType, functionSelector: selector } = node;
      if (nodeType !== "FunctionDefinition" || selector === undefined || seen.has(selector)) continue;
      seen.add(selector);
      const number = modifierNumber(node, declared) ?? numberInName(node.name ?? "");
      if (number !== undefined) found.push({ name: node.name ?? "", selector: `0x${selector}`, number });
    }
  }
  return found;
}

/** "initializeV3" is that of version 3; a name without a number says nothing. */
export function numberInName(name: string): bigint | undefined {
  const digits = /^_*(?:re)?init(?:iali[sz]e(?:r|Version|Upgrade)?)?_?[vV]?_?(\d{1,6})$/.exec(name)?.[1];
  return digits === undefined ? undefined : BigInt(digits);
}

function modifierNumber({ modifiers = [] }: FunctionNode, declared: ReadonlyMap<number, AstNode>): bigint | undefined {
  for (const { modifierName, arguments: given } of modifiers) {
    if (modifierName?.name === "initializer") return 1n;
    if (modifierName?.name === "reinitializer") return constantOf(given?.[0], declared);
  }
  return undefined;
}

/** A number, a constant that is one, or one that is converted. */
function constantOf(
  node: ExpressionNode | undefined | null,
  declared: ReadonlyMap<number, AstNode>,
): bigint | undefined {
  if (node === undefined || node === null) return undefined;
  if (node.nodeType === "Literal") {
    const text = String(node.value).replaceAll("_", "");
    return /^(\d+|0x[0-9a-fA-F]+)$/.test(text) ? BigInt(text) : undefined;
  }
  if (node.nodeType === "FunctionCall" && node.kind === "typeConversion") {
    return constantOf(node.arguments?.[0], declared);
  }
  const declaration = declared.get(node.referencedDeclaration ?? -1) as ExpressionNode | undefined;
  return typeof declaration?.value === "object" ? constantOf(declaration.value, declared) : undefined;
}
