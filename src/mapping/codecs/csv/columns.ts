import { isPrimitive, type Models, type Shape, typeName } from '../../compile/model.ts';

export interface Column {
  readonly key: string;
  /** The element's name, or what the extension `xml-name` says it is called outside. */
  readonly header: string;
  readonly type: string;
  readonly isRequired: boolean;
}

/** The rows' element and its columns, in the order of the model. */
export interface Table {
  readonly key: string;
  readonly columns: readonly Column[];
}

/** What every element has and no table shows. */
const INHERITED: ReadonlySet<string> = new Set(['id', 'extension', 'modifierExtension']);

/** @throws Error when the model is not that of a table */
export function planTable(models: Models, shape: Shape): Table {
  const name = typeName(shape);
  const refuse = (why: string): never => {
    throw new Error(`The model ${name} is not that of a table: ${why}.`);
  };
  const childrenOf = (of: Shape) =>
    models.childNames(of).flatMap((each) => (INHERITED.has(each) ? [] : (models.child(of, each) ?? [])));
  const [rows, ...others] = childrenOf(shape);
  const inner = rows?.alternatives[0]?.shape;
  if (!rows || !inner || others.length > 0 || !rows.isList || isPrimitive(inner))
    return refuse('it needs one element, which repeats and holds the columns');
  const columns = childrenOf(inner).map((child) => {
    const [only, ...more] = child.alternatives;
    if (!only || more.length > 0 || child.isList || !isPrimitive(only.shape))
      return refuse(`its column '${child.name}' is not one primitive value`);
    const header = child.element?.xmlName ?? child.name;
    return { key: child.name, header, type: typeName(only.shape), isRequired: (child.element?.min ?? 0) > 0 };
  });
  return { key: rows.name, columns };
}
