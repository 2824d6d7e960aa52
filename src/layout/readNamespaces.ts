import { keccak256, toBeHex, toUtf8Bytes, AbiCoder } from "ethers";
import { SlipwayError } from "../errors";

/** What the compiler says of its sources: the parts of a build's output that are read here. */
export interface CompilerOutput {
  sources: Record<string, { ast: AstNode }>;
}

/** One node of the compiler's syntax tree. */
export interface AstNode {
  id: number;
  nodeType: string;
  name?: string;
  canonicalName?: string;
  contractKind?: string;
  linearizedBaseContracts?: number[];
  absolutePath?: string;
  nodes?: AstNode[];
  members?: AstNode[];
  documentation?: { text?: string } | string;
  typeName?: AstNode;
  underlyingType?: AstNode;
  baseType?: AstNode;
  keyType?: AstNode;
  valueType?: AstNode;
  length?: { value?: string } | null;
  referencedDeclaration?: number;
  typeDescriptions?: { typeString?: string };
}

/** A field where it lies: slot counted from the beginning of its struct, offset in bytes from the right. */
export interface Field {
  label: string;
  slot: number;
  offset: number;
  type: string;
}

/** A type as it is stored. A field names it by its text, so that a change inside it is one change. */
export interface StoredType {
  /** Bytes of a value; 32 for every slot of what begins a slot of its own. */
  bytes: number;
  /** Fields of a struct. */
  fields?: Field[];
  /** Members of an enum, in order. */
  members?: string[];
  /** Element of an array, or value of a mapping. */
  value?: string;
  /** Key of a mapping. */
  key?: string;
  /** Elements of a fixed array. */
  length?: number;
  /** What a user-defined value type is made of. */
  underlying?: string;
}

/** One ERC-7201 namespace. */
export interface Namespace {
  slot: string;
  fields: Field[];
  types: Record<string, StoredType>;
}

/** By id: `slipway.registry.config`. */
export type Namespaces = Record<string, Namespace>;

const ANNOTATION = /@custom:storage-location erc7201:(\S+)/;

/** Where ERC-7201 puts a namespace. */
export function slotOf(id: string): string {
  const inner = BigInt(keccak256(toUtf8Bytes(id))) - 1n;
  const outer = BigInt(keccak256(AbiCoder.defaultAbiCoder().encode(["uint256"], [inner])));
  return toBeHex(outer & ~0xffn, 32);
}

/**
 * The namespaces that a contract of `source` can reach: those of every file that it imports, directly or not. A struct says
 * which it is by its annotation, as ERC-7201 asks.
 */
export function readNamespaces(output: CompilerOutput, source: string): Namespaces {
  const declared = declarations(output);
  const found: Namespaces = {};
  for (const file of closure(output, source)) {
    for (const struct of structsOf(file)) {
      const id = ANNOTATION.exec(textOf(struct))?.[1];
      if (id === undefined) continue;
      if (found[id] !== undefined) throw unknown(struct.canonicalName ?? id, `namespace ${id} is declared twice`);
      const types: Record<string, StoredType> = {};
      found[id] = { slot: slotOf(id), fields: layOut(struct.members ?? [], types, declared).fields, types };
    }
  }
  return found;
}

function textOf({ documentation }: AstNode): string {
  return typeof documentation === "string" ? documentation : (documentation?.text ?? "");
}

function closure(output: CompilerOutput, source: string): AstNode[] {
  const seen = new Set<string>();
  const queue = [source];
  const files: AstNode[] = [];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const ast = output.sources[path]?.ast;
    if (ast === undefined) throw unknown(path, "no syntax tree of this file");
    files.push(ast);
    for (const { nodeType, absolutePath } of ast.nodes ?? []) {
      if (nodeType === "ImportDirective" && absolutePath !== undefined) queue.push(absolutePath);
    }
  }
  return files;
}

function structsOf(file: AstNode): AstNode[] {
  const inContracts = (file.nodes ?? []).filter(({ nodeType }) => nodeType === "ContractDefinition");
  return [file, ...inContracts].flatMap((scope) =>
    (scope.nodes ?? []).filter(({ nodeType }) => nodeType === "StructDefinition"),
  );
}

const DECLARATIONS = new WeakMap<CompilerOutput, ReadonlyMap<number, AstNode>>();

/** Every declaration by its id; an output is walked once. */
export function declarations(output: CompilerOutput): ReadonlyMap<number, AstNode> {
  const known = DECLARATIONS.get(output);
  if (known !== undefined) return known;
  const found = new Map<number, AstNode>();
  const visit = (node: AstNode) => {
    found.set(node.id, node);
    node.nodes?.forEach(visit);
  };
  for (const { ast } of Object.values(output.sources)) visit(ast);
  DECLARATIONS.set(output, found);
  return found;
}

/** Places fields as Solidity does: in order, as many to a slot as fit; structs and arrays begin and end a slot. */
function layOut(
  members: readonly AstNode[],
  types: Record<string, StoredType>,
  declared: ReadonlyMap<number, AstNode>,
): { fields: Field[]; slots: number } {
  const fields: Field[] = [];
  let slot = 0;
  let offset = 0;
  for (const { name = "", typeName } of members) {
    const type = store(typeName, types, declared);
    const { bytes } = types[type]!;
    const isWhole = bytes % 32 === 0 && !isValue(types[type]!);
    if (offset > 0 && (isWhole || offset + bytes > 32)) {
      ++slot;
      offset = 0;
    }
    fields.push({ label: name, slot, offset, type });
    if (isWhole) slot += bytes / 32;
    else offset += bytes;
  }
  return { fields, slots: slot + (offset > 0 ? 1 : 0) };
}

function isValue({ fields, value, key }: StoredType): boolean {
  return fields === undefined && value === undefined && key === undefined;
}

/** Puts a type and all that it is made of into `types`, and returns its text. */
function store(
  node: AstNode | undefined,
  types: Record<string, StoredType>,
  declared: ReadonlyMap<number, AstNode>,
): string {
  const text = (node?.typeDescriptions?.typeString ?? "").replace(/^address payable$/, "address");
  if (node === undefined || text === "") throw unknown("a field", "no type");
  if (types[text] !== undefined) return text;
  if (node.nodeType === "Mapping") {
    // Before its value: a struct may hold a mapping to itself.
    const stored: StoredType = (types[text] = { bytes: 32, key: store(node.keyType, types, declared) });
    stored.value = store(node.valueType, types, declared);
    return text;
  }
  if (node.nodeType === "ArrayTypeName") {
    const stored: StoredType = (types[text] = { bytes: 32, value: "" });
    stored.value = store(node.baseType, types, declared);
    if (node.length) {
      stored.length = Number(/\[(\d+)\]$/.exec(text)?.[1]);
      stored.bytes = 32 * slotsOf(types[stored.value]!, stored.length);
    }
    return text;
  }
  if (node.nodeType === "ElementaryTypeName") {
    types[text] = { bytes: text === "string" || text === "bytes" ? 32 : widthOf(text) };
    return text;
  }
  const declaration = declared.get(node.referencedDeclaration ?? -1);
  switch (declaration?.nodeType) {
    case "StructDefinition": {
      const stored: StoredType = (types[text] = { bytes: 0, fields: [] });
      const { fields, slots } = layOut(declaration.members ?? [], types, declared);
      stored.fields = fields;
      stored.bytes = 32 * slots;
      return text;
    }
    case "EnumDefinition":
    case "UserDefinedValueTypeDefinition":
      types[text] = declaredType(declaration);
      return text;
    case "ContractDefinition":
      types[text] = { bytes: 20 };
      return text;
    default:
      throw unknown(text, "a type that has no place in storage");
  }
}

/** An enum with its members, or a value type with what it is made of. */
export function declaredType({ members, underlyingType }: AstNode): StoredType {
  if (members !== undefined) return { bytes: 1, members: members.map(({ name = "" }) => name) };
  const underlying = underlyingType?.typeDescriptions?.typeString ?? "";
  return { bytes: widthOf(underlying), underlying };
}

function slotsOf(element: StoredType, length: number): number {
  if (!isValue(element)) return (element.bytes / 32) * length;
  return Math.ceil(length / Math.floor(32 / element.bytes));
}

function widthOf(text: string): number {
  if (text === "bool") return 1;
  if (text === "address" || text === "address payable") return 20;
  const [, kind, size] = /^(uint|int|bytes)(\d+)$/.exec(text) ?? [];
  if (size !== undefined) return kind === "bytes" ? Number(size) : Number(size) / 8;
  if (text.startsWith("function ")) return text.includes("external") ? 24 : 8;
  throw unknown(text, "a type that has no place in storage");
}

function unknown(where: string, found: string): SlipwayError {
  return new SlipwayError("StorageLayoutUnknown", {
    where,
    expected: "the compiler's syntax tree of every source that the code imports",
    found,
  });
}
