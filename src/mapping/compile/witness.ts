import type { SourceNode, TargetNode } from '../tree.ts';
import type { Child, Shape } from './model.ts';

/** What compiling finds out about a map, for those who check it: which elements it reads, makes and writes. */
export interface Witness {
  /** A path or an expression reads an element of a type. */
  read?(shape: Shape, child: Child): void;
  /** The elements that a source's path goes through. */
  source?(node: SourceNode, path: readonly Child[]): void;
  /** The map makes a value of a type. */
  made?(shape: Shape): void;
  /** The map writes an element of a type. */
  wrote?(node: TargetNode, shape: Shape, child: Child): void;
}
