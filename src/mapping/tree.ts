/**
 * The tree of a map: what the parser makes of FHIR Mapping Language or of a StructureMap, and what the printer,
 * the checker and the compiler read. Immutable; every node knows where it stands in the text.
 *
 * @see https://build.fhir.org/mapping-language.html#grammar
 */
import type { Position } from './types.ts';

/** What every node has. */
export interface MapNode {
  readonly position: Position;
}

/** A whole map. */
export interface MapTree extends MapNode {
  readonly url: string;
  readonly name: string;
  readonly metadata: readonly MetadataNode[];
  readonly conceptMaps: readonly ConceptMapNode[];
  readonly uses: readonly UsesNode[];
  readonly imports: readonly ImportNode[];
  readonly constants: readonly ConstantNode[];
  readonly groups: readonly GroupNode[];
  /** Comments in front of the map's head. */
  readonly documentation?: string;
}

/** `/// title = 'Ticket'`; url and name are kept in the map itself. */
export interface MetadataNode extends MapNode {
  readonly key: string;
  readonly value: string | number | boolean;
}

/** `uses "url" alias Patient as source`. */
export interface UsesNode extends MapNode {
  readonly url: string;
  readonly alias?: string;
  readonly mode: 'source' | 'target' | 'queried' | 'produced';
  readonly documentation?: string;
}

/** `imports "url"`; the url may hold `*`. */
export interface ImportNode extends MapNode {
  readonly url: string;
}

/** `let name = expression;`. */
export interface ConstantNode extends MapNode {
  readonly name: string;
  readonly expression: ExpressionNode;
}

/** `conceptmap "#id" { … }`. */
export interface ConceptMapNode extends MapNode {
  readonly id: string;
  readonly prefixes: readonly ConceptPrefixNode[];
  readonly unmapped: readonly ConceptUnmappedNode[];
  readonly rows: readonly ConceptRowNode[];
}

/** `prefix s = "http://…"`. */
export interface ConceptPrefixNode extends MapNode {
  readonly name: string;
  readonly url: string;
}

/** `unmapped for s = provided`. */
export interface ConceptUnmappedNode extends MapNode {
  readonly prefix: string;
  readonly mode: 'provided' | 'fixed' | 'other-map';
  /** The fixed code or the other map's url. */
  readonly value?: string;
}

/** `s:male == t:M`. */
export interface ConceptRowNode extends MapNode {
  readonly sourcePrefix: string;
  readonly sourceCode: string;
  readonly relation: ConceptRelation;
  readonly targetPrefix: string;
  /** Empty for the relation `--` (unmatched). */
  readonly targetCode: string;
}

export type ConceptRelation = '-' | '=' | '==' | '!=' | '--' | '<=' | '<-' | '>=' | '>-' | '~';

/** `group Name(source src : Type, target tgt) extends Base <<types>> { rules }`. */
export interface GroupNode extends MapNode {
  readonly name: string;
  readonly parameters: readonly ParameterNode[];
  readonly extends?: string;
  readonly typeMode?: 'types' | 'type+';
  readonly rules: readonly RuleNode[];
  readonly documentation?: string;
}

export interface ParameterNode extends MapNode {
  readonly mode: 'source' | 'target';
  readonly name: string;
  readonly type?: string;
}

/** One rule: sources -> targets then dependents { rules } "name"; */
export interface RuleNode extends MapNode {
  readonly name?: string;
  readonly sources: readonly SourceNode[];
  readonly targets: readonly TargetNode[];
  readonly dependents: readonly DependentNode[];
  readonly rules: readonly RuleNode[];
  readonly documentation?: string;
}

export type SourceListMode = 'first' | 'not_first' | 'last' | 'not_last' | 'only_one';

export interface SourceNode extends MapNode {
  /** The variable the path starts from. */
  readonly context: string;
  /** Element names below the variable; empty for the variable itself. */
  readonly path: readonly string[];
  readonly type?: string;
  readonly min?: number;
  /** A number or `*`. */
  readonly max?: string;
  readonly default?: LiteralNode | ExpressionNode;
  readonly listMode?: SourceListMode;
  readonly variable?: string;
  readonly where?: ExpressionNode;
  readonly check?: ExpressionNode;
  readonly log?: ExpressionNode;
}

export type TargetListMode = 'first' | 'share' | 'last' | 'single' | 'collate';

export interface TargetNode extends MapNode {
  /** The variable written below; absent when the target only makes a variable. */
  readonly context?: string;
  readonly path: readonly string[];
  readonly transform?: TransformNode;
  readonly variable?: string;
  readonly listModes: readonly TargetListMode[];
  /** Name of the shared instance, for `share name`. */
  readonly shareName?: string;
}

export type TransformName =
  | 'create'
  | 'copy'
  | 'truncate'
  | 'escape'
  | 'cast'
  | 'append'
  | 'translate'
  | 'reference'
  | 'dateOp'
  | 'uuid'
  | 'pointer'
  | 'evaluate'
  | 'cc'
  | 'c'
  | 'qty'
  | 'id'
  | 'cp';

/** `translate(v, '#map', 'code')`; a plain value is `copy`, FHIRPath in parentheses is `evaluate`. */
export interface TransformNode extends MapNode {
  readonly name: TransformName;
  readonly arguments: readonly ArgumentNode[];
}

/** A variable, a literal or (for evaluate and default) a FHIRPath expression. */
export type ArgumentNode = VariableNode | LiteralNode | ExpressionNode;

export interface VariableNode extends MapNode {
  readonly kind: 'variable';
  readonly name: string;
}

export interface LiteralNode extends MapNode {
  readonly kind: 'literal';
  readonly value: string | number | boolean;
  /** Decimals are told from integers by their spelling (`1.0`). */
  readonly type: 'string' | 'integer' | 'decimal' | 'boolean';
}

/** FHIRPath as written, without enclosing parentheses. */
export interface ExpressionNode extends MapNode {
  readonly kind: 'expression';
  readonly text: string;
}

/** `then Group(a, b)`. */
export interface DependentNode extends MapNode {
  readonly group: string;
  readonly arguments: readonly (VariableNode | LiteralNode)[];
}
