import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createFhirXml } from '../../src/mapping/index.ts';
import { conformance, definitions, errorsOf } from './support.ts';

const XHTML = 'http://www.w3.org/1999/xhtml';
const narrated = (div: string) => ({
  resourceType: 'Basic',
  code: { text: 'x' },
  text: { status: 'generated', div },
});
const within = (content: string) => `<div xmlns="${XHTML}">${content}</div>`;
const flawsOf = (div: string) => errorsOf(conformance.validate(narrated(div)));

describe('Narrative', () => {
  it.each([
    'plain',
    '<p class="a" title=\'b > c\'>x<br/>y</p><!-- a comment -->',
    '&lt;b&gt; &amp; &#160; &#xA0;',
    '<p xml:lang="fi">x</p >',
    '<img src="a?b=1&amp;c=2" alt=""/>',
  ])('may be %s', (content) => {
    expect(flawsOf(within(content))).toEqual([]);
  });

  it.each([
    within('<p>x'),
    within('<b><i>x</b></i>'),
    within('</p>'),
    within('<p>x</p class="a">'),
    within('<br/></br/>'),
    within('a & b'),
    within('&nbsp;'),
    within('&#11;'),
    within('&#xFFFE;'),
    within('a ]]> b'),
    within('<!-- a -- b -->'),
    within('<p a="1" a="2">x</p>'),
    within('<p q:a="1">x</p>'),
    within('<p 1="1">x</p>'),
    within('<p title="a & b">x</p>'),
    within('<![CDATA[x]]>'),
    within('<?x y?>'),
    `${within('x')}${within('y')}`,
    `${within('x')} y`,
    `<div xmlns="${XHTML}">`,
  ])('may not be %s', (div) => {
    expect(flawsOf(div)).toEqual(['invariant narrative Basic.text.div']);
  });

  it('that is accepted can be written as XML and read again', () => {
    const xml = createFhirXml(definitions);
    const piece = fc.constantFrom(
      ...[
        '<p>',
        '</p>',
        '<b class="',
        '"',
        "'",
        '>',
        '<br/>',
        '</',
        '&amp;',
        '&',
        ';',
        '#11',
        '&#10;',
        '<!--',
        '-->',
        '-',
      ],
      ...[
        'a',
        ' ',
        ']]>',
        '<',
        '<div>',
        '</div>',
        '\u000b',
        '\ufffe',
        'xml:lang="x"',
        ' q:a="1"',
        '\u00a0',
        '<p',
        '/>',
      ],
    );
    const content = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(content, (each) => {
        const resource = narrated(within(each));
        fc.pre(errorsOf(conformance.validate(resource)).length === 0);
        const { resource: read, faults } = xml.read(xml.write(resource, 'as it is'), 100);
        expect(faults).toEqual([]);
        expect(read).toEqual(resource);
      }),
      { numRuns: 300 },
    );
  });
});
