/**
 * Segments into the groups of a message: each goes to the next place that takes it, a group starts again when one of
 * its first segments comes.
 *
 * @see https://www.hl7.eu/HL7v2x/v251/std251/ch02.html#Heading47
 */
import { MappingError } from '../../types.ts';
import { decodeSegment, type Json, type RawSegment } from './decode.ts';
import type { Delimiters } from './delimiters.ts';
import { type GroupPlan, OTHER, SEGMENT_NAME, type SegmentPlan } from './plan.ts';

/** Segments that start another message or a batch. */
const HEADS: ReadonlySet<string> = new Set(['MSH', 'FHS', 'BHS']);

class Cursor {
  readonly segments: readonly RawSegment[];
  readonly delimiters: Delimiters;
  at = 0;

  constructor(segments: readonly RawSegment[], delimiters: Delimiters) {
    this.segments = segments;
    this.delimiters = delimiters;
  }

  get name(): string | undefined {
    return this.segments[this.at]?.name;
  }

  take(plan: SegmentPlan): Json {
    const segment = this.segments[this.at] as RawSegment;
    this.at += 1;
    return decodeSegment(segment, plan, this.delimiters);
  }

  refuse(message: string): never {
    const { position } = this.segments[Math.min(this.at, this.segments.length - 1)] as RawSegment;
    throw new MappingError(position, message);
  }
}

function accepts(node: SegmentPlan | GroupPlan, name: string | undefined): boolean {
  if (name === undefined) return false;
  if (node.kind === 'segment') return node.key === name;
  return node.starts.has(name) || (node.starts.has(OTHER) && SEGMENT_NAME.test(name) && !HEADS.has(name));
}

function readNode(node: SegmentPlan | GroupPlan, cursor: Cursor): Json {
  if (node.kind === 'segment') return cursor.take(node);
  return node.isAny ? readAny(node, cursor) : readGroup(node, cursor);
}

/** One segment of those that the group names, or of any other kind. */
function readAny(group: GroupPlan, cursor: Cursor): Json {
  const node =
    group.nodes.find((each) => accepts(each, cursor.name)) ?? group.nodes.find((each) => each.key === OTHER);
  return node ? { [node.key]: readNode(node, cursor) } : cursor.refuse(`${cursor.name} cannot stand here`);
}

function readGroup(group: GroupPlan, cursor: Cursor): Json {
  const out: Json = {};
  for (const node of group.nodes) {
    if (!accepts(node, cursor.name)) {
      if (node.isRequired) refuseMissing(node, cursor);
      continue;
    }
    if (!node.isList) {
      out[node.key] = readNode(node, cursor);
      continue;
    }
    const list: Json[] = [];
    while (accepts(node, cursor.name)) list.push(readNode(node, cursor));
    out[node.key] = list;
  }
  return out;
}

function refuseMissing(node: SegmentPlan | GroupPlan, cursor: Cursor): never {
  const wanted = node.kind === 'segment' ? node.key : [...node.starts].join(' or ');
  return cursor.refuse(
    `${wanted} is wanted, but ${cursor.name ?? 'the message ends'}${cursor.name ? ' comes' : ''}`,
  );
}

/** @throws MappingError at the first segment that has no place */
export function placeSegments(
  message: GroupPlan,
  segments: readonly RawSegment[],
  delimiters: Delimiters,
  type: string,
): Json {
  const cursor = new Cursor(segments, delimiters);
  const out = readGroup(message, cursor);
  if (cursor.name !== undefined) cursor.refuse(`${cursor.name} has no place here in ${type}`);
  return out;
}
