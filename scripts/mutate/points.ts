/** A place in a source where a mutant differs: `render` makes the mutated form out of the source's own text. */
export interface Point {
  /** Path below `contracts/`. */
  file: string;
  line: number;
  kind: "guard" | "comparison" | "logic" | "negation" | "arithmetic" | "statement" | "event";
  /** What is mutated, on one line. */
  text: string;
  /** Name of the function or modifier it is in. */
  owner: string;
  start: number;
  end: number;
  /** Source range of `owner`, to drop all of its points where the compiler has no room for them. */
  ownerStart: number;
  ownerEnd: number;
  /** Solidity that is the original unless the mutant is on. `cut(a, b)` gives the text of a range, with the points inside it. */
  render(on: string, cut: (start: number, end: number) => string): string;
}

interface Node {
  nodeType: string;
  src: string;
  [key: string]: unknown;
}

const FLIPPED: Record<string, string> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "==": "!=",
  "!=": "==",
  "&&": "||",
  "||": "&&",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
};

/** Every point of one source, from the compiler's AST. `source` is bytes: offsets of the AST count bytes. */
export function pointsOf(file: string, source: Buffer, ast: unknown): Point[] {
  const points: Point[] = [];
  visit(ast as Node, undefined);
  return points;

  function visit(node: Node, owner: Node | undefined): void {
    if (node.nodeType === "InlineAssembly" || node.nodeType === "StructDefinition") return;
    // A constant, and a state variable's initial value, must stay what the compiler can compute.
    if (node.nodeType === "VariableDeclaration" && owner === undefined) return;
    if (node.nodeType === "FunctionDefinition" || node.nodeType === "ModifierDefinition") owner = node;
    if (owner !== undefined) at(node, owner);
    for (const [key, child] of Object.entries(node)) {
      // `++i` at a loop's head is no statement that can be left out.
      if (key === "loopExpression" || key === "initializationExpression") continue;
      for (const item of Array.isArray(child) ? child : [child]) if (isNode(item)) visit(item, owner);
    }
  }

  function at(node: Node, owner: Node): void {
    if (node.nodeType === "IfStatement") {
      const condition = node["condition"] as Node;
      add("guard", condition, owner, (on, cut) => `(${on} ? false : (${cut(...rangeOf(condition))}))`);
    }
    if (node.nodeType === "BinaryOperation") binary(node, owner);
    if (node.nodeType === "UnaryOperation" && node["operator"] === "!") {
      const inner = rangeOf(node["subExpression"] as Node);
      add("negation", node, owner, (on, cut) => `(${on} ? (${cut(...inner)}) : !(${cut(...inner)}))`);
    }
    if (node.nodeType === "ExpressionStatement" || node.nodeType === "EmitStatement") {
      const [start] = rangeOf(node);
      const end = withSemicolon(rangeOf(node)[1]);
      const kind = node.nodeType === "EmitStatement" ? "event" : "statement";
      addRange(kind, start, end, owner, (on, cut) => `{ if (!${on}) { ${cut(start, end)} } }`);
    }
  }

  function binary(node: Node, owner: Node): void {
    const operator = node["operator"] as string;
    const flipped = FLIPPED[operator];
    const type = (node["typeDescriptions"] as { typeString?: string } | undefined)?.typeString ?? "";
    if (flipped === undefined || /_const|rational|literal_string/.test(type)) return;
    const left = rangeOf(node["leftExpression"] as Node);
    const right = rangeOf(node["rightExpression"] as Node);
    const kind = /[<>=]/.test(operator) ? "comparison" : /[&|]/.test(operator) ? "logic" : "arithmetic";
    add(kind, node, owner, (on, cut) => {
      const [a, b] = [cut(...left), cut(...right)];
      return `(${on} ? (${a} ${flipped} ${b}) : (${a} ${operator} ${b}))`;
    });
  }

  function add(kind: Point["kind"], node: Node, owner: Node, render: Point["render"]): void {
    const [start, end] = rangeOf(node);
    addRange(kind, start, end, owner, render);
  }

  function addRange(kind: Point["kind"], start: number, end: number, owner: Node, render: Point["render"]): void {
    const [ownerStart, ownerEnd] = rangeOf(owner);
    points.push({
      file,
      line: source.subarray(0, start).toString("utf8").split("\n").length,
      kind,
      text: source.subarray(start, end).toString("utf8").replace(/\s+/g, " "),
      owner: (owner["name"] as string) || (owner["kind"] as string),
      start,
      end,
      ownerStart,
      ownerEnd,
      render,
    });
  }

  function withSemicolon(end: number): number {
    return source[end] === 0x3b ? end + 1 : end;
  }
}

/** The source with every point switched by `condition(point)`; a point inside another one is rendered inside it. */
export function schemata(source: Buffer, points: readonly Point[], condition: (point: Point) => string): string {
  // Outer ranges first; of two that are equal, the later one is inside.
  const ordered = [...points].sort((a, b) => a.start - b.start || b.end - a.end);
  return cut(0, source.length, ordered);

  function cut(start: number, end: number, candidates: readonly Point[]): string {
    let text = "";
    let cursor = start;
    let index = 0;
    while (index < candidates.length) {
      const point = candidates[index++] as Point;
      if (point.start < cursor || point.end > end || point.start < start) continue;
      text += source.subarray(cursor, point.start).toString("utf8");
      const inner = candidates.slice(index);
      text += point.render(condition(point), (a, b) => cut(a, b, inner));
      cursor = point.end;
    }
    return text + source.subarray(cursor, end).toString("utf8");
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as Node).nodeType === "string";
}

function rangeOf(node: Node): [number, number] {
  const [start, length] = node.src.split(":").map(Number) as [number, number];
  return [start, start + length];
}
