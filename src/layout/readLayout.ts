import {
  declarations,
  declaredType,
  readNamespaces,
  type AstNode,
  type CompilerOutput,
  type Field,
  type Namespace,
  type Namespaces,
} from "./readNamespaces";

/** The name under which a contract's own fields stand beside its namespaces. */
export const PLAIN = "storage";

/** `storageLayout` as the compiler writes it. */
export interface StorageLayout {
  storage: { contract?: string; label: string; slot: string; offset: number; type: string }[];
  types: Record<string, LayoutType> | null;
}

interface LayoutType {
  label: string;
  numberOfBytes: string;
  key?: string;
  value?: string;
  base?: string;
  members?: { label: string; slot: string; offset: number; type: string }[];
}

/** A build's output with what is read here of one contract. */
export interface LayoutOutput extends CompilerOutput {
  contracts?: Record<string, Record<string, { storageLayout?: StorageLayout }>>;
}

/** All that a contract stores: its own and inherited fields, and the namespaces that it reaches. Undefined where the build does not tell. */
export function readLayout(output: LayoutOutput, source: string, name: string): Namespaces | undefined {
  const layout = output.contracts?.[source]?.[name]?.storageLayout;
  if (layout === undefined || output.sources[source]?.ast === undefined) return undefined;
  const foreign = namespacesOfOthers(output, source, name);
  const reached = Object.entries(readNamespaces(output, source)).filter(([id]) => !foreign.has(id));
  return { ...Object.fromEntries(reached), [PLAIN]: toNamespace(layout, declarations(output)) };
}

/** The compiler's own layout of fields that lie where they are declared. */
export function toNamespace({ storage, types }: StorageLayout, declared?: ReadonlyMap<number, AstNode>): Namespace {
  const known = types ?? {};
  const labelOf = (type: string) => known[type]?.label ?? type;
  const toField = (entry: { label: string; slot: string; offset: number; type: string }): Field => ({
    label: entry.label,
    slot: Number(entry.slot),
    offset: entry.offset,
    type: labelOf(entry.type),
  });
  const stored: Namespace["types"] = {};
  for (const [id, type] of Object.entries(known)) {
    // The layout names enums and value types by their declaration only.
    const declaration = declared?.get(Number(/^t_(?:enum|userDefinedValueType)\([^)]*\)(\d+)$/.exec(id)?.[1] ?? -1));
    const length = /\[(\d+)\]$/.exec(type.label)?.[1];
    stored[type.label] = {
      bytes: Number(type.numberOfBytes),
      ...(declaration === undefined ? {} : declaredType(declaration)),
      ...(type.members === undefined ? {} : { fields: type.members.map(toField) }),
      ...(type.key === undefined ? {} : { key: labelOf(type.key) }),
      ...(type.value === undefined ? {} : { value: labelOf(type.value) }),
      ...(type.base === undefined ? {} : { value: labelOf(type.base) }),
      ...(type.base === undefined || length === undefined ? {} : { length: Number(length) }),
    };
  }
  return { slot: "0x0", fields: storage.map(toField), types: stored };
}

/** Namespaces declared inside contracts that this one only imports, and does not inherit. */
function namespacesOfOthers(output: CompilerOutput, source: string, name: string): Set<string> {
  const contracts = Object.values(output.sources).flatMap(({ ast }) =>
    (ast.nodes ?? []).filter(({ nodeType }) => nodeType === "ContractDefinition"),
  );
  const own = output.sources[source]!.ast.nodes?.find(
    (node) => node.nodeType === "ContractDefinition" && node.name === name,
  );
  const bases = new Set(own?.linearizedBaseContracts ?? []);
  const others = contracts.filter(({ id, contractKind }) => contractKind === "contract" && !bases.has(id));
  return new Set(others.flatMap((contract) => (contract.nodes ?? []).flatMap(annotationOf)));
}

function annotationOf({ documentation }: AstNode): string[] {
  const text = typeof documentation === "string" ? documentation : (documentation?.text ?? "");
  const id = /@custom:storage-location erc7201:(\S+)/.exec(text)?.[1];
  return id === undefined ? [] : [id];
}
