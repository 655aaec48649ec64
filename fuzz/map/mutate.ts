/** Texts that are nearly right: seeds with pieces taken out, doubled, exchanged or put in. */
import fc from 'fast-check';

/** What breaks languages: brackets, quotes, words of the language, ends, odd characters. */
const ODD = [
  ...'(){}[]<>"\'`\\/|^~&;,.:=%$@#-+*!?\r\n\t\u0000\u00a0\ufeff\ud800é𝄞09',
  '->',
  '..',
  '"""',
  '//',
  '/*',
  ' then ',
  ' where ',
  ' as ',
  ' default ',
  ' share x ',
  ' group ',
  ' extends ',
  '<<types>>',
  'evaluate(',
  'translate(',
  '%x',
  '<!DOCTYPE a>',
  '<!ENTITY',
  '&a;',
  '&#0;',
  'xsi:type="',
  '__proto__',
  'constructor',
  '99999999999999999999',
  '\\X0D\\',
  '""',
  'MSH|',
];

interface Change {
  readonly at: number;
  readonly length: number;
  readonly kind: 'remove' | 'double' | 'insert' | 'exchange';
  readonly text: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof({ weight: 4, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: fc.nat(400) }),
  kind: fc.constantFrom('remove', 'double', 'insert', 'exchange'),
  text: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...ODD) },
    { weight: 1, arbitrary: fc.string({ maxLength: 8, unit: 'binary' }) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(...ODD), fc.nat(3000)).map(([odd, n]) => odd.repeat(n)),
    },
  ),
});

function apply(text: string, { at, length, kind, text: put }: Change): string {
  const from = Math.floor(at * text.length);
  const piece = text.slice(from, from + length);
  const [before, after] = [text.slice(0, from), text.slice(from + length)];
  if (kind === 'remove') return before + after;
  if (kind === 'double') return before + piece + piece + after;
  return kind === 'insert' ? before + put + piece + after : before + put + after;
}

/** A seed after a few changes. */
export function mutations(seeds: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...seeds), fc.array(change, { maxLength: 6 }))
    .map(([seed, changes]) => changes.reduce(apply, seed));
}
