import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileStructure } from '../../src/definitions/index.ts';
import { type CsvOptions, createCsvCodec, MappingError } from '../../src/mapping/index.ts';
import { definitions } from './map-fixture.ts';

const column = (name: string, code: string, more: Record<string, unknown> = {}) => ({
  id: `TestTable.row.${name}`,
  path: `TestTable.row.${name}`,
  min: 0,
  max: '1',
  type: [{ code }],
  ...more,
});

const table = compileStructure(
  {
    resourceType: 'StructureDefinition',
    url: 'https://silta.example/fhir/StructureDefinition/test-table',
    name: 'TestTable',
    status: 'draft',
    kind: 'logical',
    abstract: false,
    type: 'TestTable',
    derivation: 'specialization',
    differential: {
      element: [
        { id: 'TestTable', path: 'TestTable' },
        {
          id: 'TestTable.row',
          path: 'TestTable.row',
          min: 0,
          max: '*',
          type: [{ code: 'BackboneElement' }],
        },
        column('name', 'string', { min: 1 }),
        column('weight', 'decimal', {
          extension: [
            { url: 'http://hl7.org/fhir/tools/StructureDefinition/xml-name', valueString: 'Weight (kg)' },
          ],
        }),
        column('count', 'integer'),
        column('active', 'boolean'),
        column('day', 'date'),
      ],
    },
  },
  definitions,
);

const codec = (options: Partial<CsvOptions> = {}) =>
  createCsvCodec({ definitions, models: [table], type: table.url, ...options });

describe('CSV: https://www.rfc-editor.org/rfc/rfc4180', () => {
  it('reads quoted cells with delimiters, quotes and line ends, typed, with nothing for empty ones', () => {
    const text =
      '\ufeffcount,name,Weight (kg),active\r\n1,"Testi, ""Meri""\r\nlä",70.5,true\r\n,x,,\n\n2,"",-1,false';
    expect(codec().parse(text, 'x.csv')).toEqual({
      row: [
        { count: 1, name: 'Testi, "Meri"\r\nlä', weight: 70.5, active: true },
        { name: 'x' },
        { count: 2, weight: -1, active: false },
      ],
    });
  });

  it('finds the delimiter in the first line, and takes a decimal comma when told', () => {
    const text = 'name;Weight (kg)\nx;70,5\n';
    expect(codec({ decimal: ',' }).parse(text, 'x.csv')).toEqual({ row: [{ name: 'x', weight: 70.5 }] });
    expect(codec().parse('name\tcount\na;b,c\t1\n', 'x')).toEqual({ row: [{ name: 'a;b,c', count: 1 }] });
  });

  it('takes the columns in the order of the model when there is no header', () => {
    const headless = codec({ header: false, delimiter: ';' });
    const value = { row: [{ name: 'x', count: 3 }] };
    expect(headless.print(value)).toBe('x;;3;;\r\n');
    expect(headless.parse('x;;3;;', 'x')).toEqual(value);
  });

  it('writes the header as the model names it', () => {
    expect(
      codec({ decimal: ',', delimiter: ';' }).print({
        row: [{ name: ' a', weight: 1.5, active: true, day: '2026-03-14' }],
      }),
    ).toBe('name;Weight (kg);count;active;day\r\n" a";1,5;;true;2026-03-14\r\n');
  });
});

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof MappingError) return error.message;
    throw error;
  }
  return 'nothing was refused';
}

describe('CSV that cannot be read', () => {
  it.each([
    ['name\n"a', 'x:2:1: not CSV: this quote is not closed'],
    ['name,count\n"a"b,1', 'x:2:4: not CSV: there is something behind the closing quote'],
    ['name,count\na"b,1', 'x:2:2: not CSV: a quote can only stand around a whole cell'],
    ['name,count\na,1,2', 'x:2:1: this row has 3 cells instead of 2'],
    ['name,count\na', 'x:2:1: this row has 1 cells instead of 2'],
    ['name,cout\n', "x:1:6: the column 'cout' is not known (did you mean 'count'?)"],
    ['name,name\n', "x:1:6: the column 'name' is there a second time"],
    ['count\n1', "x:1:1: the column 'name' is missing"],
    ['name,count\na,1.5', "x:2:3: the column 'count' holds a string that is not a valid integer"],
    ['name,day\na,14.3.2026', "x:2:3: the column 'day' holds a string that is not a valid date"],
  ])('%j is refused at its place', (text, message) => {
    expect(faultOf(() => codec().parse(text, 'x'))).toBe(message);
  });

  it('refuses to write what the table has no place for', () => {
    expect(faultOf(() => codec().print({ row: [{ nam: 'x' }] }))).toContain(
      'TestTable.row[0].nam: there is no such column',
    );
    expect(faultOf(() => codec().print({ rows: [] }))).toContain(
      'TestTable.rows: the model has no such element',
    );
    expect(faultOf(() => codec().print({ row: [{ name: {} }] }))).toContain('a value is wanted here');
  });

  it('refuses a model that is not that of a table', () => {
    expect(() => codec({ type: 'Patient' })).toThrow('The model Patient is not that of a table');
  });
});

const row = fc.record(
  {
    name: fc.string({ minLength: 1, unit: fc.constantFrom(...'ab ,;"\'\r\n\tä\ufeff|') }),
    weight: fc.integer({ min: -1e6, max: 1e6 }).map((n) => n / 100),
    count: fc.integer({ min: -1e6, max: 1e6 }),
    active: fc.boolean(),
    day: fc.constantFrom('2026-03-14', '1999-12'),
  },
  { requiredKeys: [] },
);

describe('the round-trip law of CSV', () => {
  it('holds for any table, whatever its texts and its delimiter', () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(',', ';', '\t', '|'),
        fc.boolean(),
        (rows, delimiter, header) => {
          const one = codec({ delimiter, header, decimal: delimiter === ';' ? ',' : '.' });
          expect(one.parse(one.print({ row: rows }), 'x')).toEqual({ row: rows });
        },
      ),
    );
  });

  it('ends for any text with a value or a located error', () => {
    const text = fc.string({ unit: fc.constantFrom(...'name,count"\r\n;1 ') });
    fc.assert(
      fc.property(text, (given) => {
        try {
          codec().parse(given, 'x');
        } catch (error) {
          if (!(error instanceof MappingError)) throw error;
          expect(error.message).toMatch(/^x:\d+:\d+: /);
        }
      }),
      { numRuns: 500 },
    );
  });
});
