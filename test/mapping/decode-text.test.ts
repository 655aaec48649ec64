import { describe, expect, it } from '@jest/globals';
import { decodeText, detectFormat, MappingError } from '../../src/mapping/index.ts';

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const utf16be = (text: string): Uint8Array => Buffer.from(text, 'utf16le').swap16();

describe('bytes as text: https://www.w3.org/TR/xml/#sec-guessing', () => {
  it.each([
    ['UTF-8', Buffer.from('<a>ä€</a>'), '<a>ä€</a>'],
    ['UTF-8 with a mark', Buffer.from('\ufeff<a>ä</a>'), '<a>ä</a>'],
    ['UTF-16 with a mark, little end first', Buffer.from('\ufeff<a>ä</a>', 'utf16le'), '<a>ä</a>'],
    ['UTF-16 with a mark, big end first', utf16be('\ufeff<a>ä</a>'), '<a>ä</a>'],
    ['UTF-16 without a mark', utf16be('<?xml version="1.0"?><a>ä</a>'), '<?xml version="1.0"?><a>ä</a>'],
    [
      'ISO-8859-1 as declared',
      latin1('<?xml version="1.0" encoding="ISO-8859-1"?><a>ä\u0080</a>'),
      '<?xml version="1.0" encoding="ISO-8859-1"?><a>ä\u0080</a>',
    ],
    [
      'ISO-8859-15 of MSH-18',
      latin1('MSH|^~\\&|\u00a4|||||||||||||||8859/15'),
      'MSH|^~\\&|€|||||||||||||||8859/15',
    ],
  ])('is read as %s', (_, bytes, text) => {
    expect(decodeText(bytes, 'x')).toBe(text);
  });

  it('is read in the encoding that the caller states', () => {
    expect(decodeText(latin1('ä'), 'x', 'ISO-8859-1')).toBe('ä');
  });

  const faultOf = (bytes: Uint8Array): string => {
    try {
      return decodeText(bytes, 'x');
    } catch (error) {
      if (error instanceof MappingError) return error.message;
      throw error;
    }
  };

  it('is refused at the first byte that is none of the encoding', () => {
    expect(faultOf(latin1('a\nbä'))).toBe('x:2:2: this is not UTF-8: state the encoding it has');
    expect(faultOf(Buffer.from(`MSH|^~\\&|${'|'.repeat(15)}ASCII\nPID|ä`))).toBe(
      'x:2:5: this is not US-ASCII: state the encoding it has',
    );
  });

  it('is refused when the encoding is not known or not the one that is said', () => {
    expect(faultOf(latin1('<?xml version="1.0" encoding="EBCDIC-9"?><a/>'))).toBe(
      "x:1:1: the encoding 'ebcdic-9' is not known",
    );
    expect(faultOf(latin1('<?xml version="1.0" encoding="UTF-16"?><a/>'))).toBe(
      'x:1:1: this says that it is UTF-16, but is not',
    );
  });
});

describe('the format of a file', () => {
  it('is told by its name, then by its start', () => {
    expect(['a.xml', 'a.HL7', 'a.csv', 'a.json'].map((name) => detectFormat(name, '{}'))).toEqual([
      'xml',
      'hl7v2',
      'csv',
      'json',
    ]);
    expect(['<a/>', '\ufeff  <a/>', 'MSH|^~\\&|', '{}'].map((text) => detectFormat('a.txt', text))).toEqual([
      'xml',
      'xml',
      'hl7v2',
      'json',
    ]);
  });
});
