/**
 * Units of measure by UCUM's grammar and tables.
 * @see https://ucum.org/ucum
 */
import { createRequire } from 'node:module';
import type { CodeSystemView } from '../types.ts';
import { plainConcept } from './named-concept.ts';

interface Ucum {
  readonly UcumLhcUtils: {
    getInstance(): {
      validateUnitString(code: string): {
        readonly status: string;
        readonly ucumCode: string | null;
        readonly unit?: { readonly name?: string | null };
      };
    };
  };
}

// The tables take a tenth of a second and twelve megabytes: they are read with the first unit that is asked for.
const load = createRequire(import.meta.url);
let ucum: ReturnType<Ucum['UcumLhcUtils']['getInstance']> | undefined;

export const UNITS: CodeSystemView = {
  url: 'http://unitsofmeasure.org',
  name: 'UCUM',
  language: 'en',
  complete: true,
  looseNames: true,
  properties: new Map(),
  find: (code) => {
    // The library writes what holds other characters to the console.
    if (!/^[\x21-\x7e]{1,100}$/.test(code)) return undefined;
    ucum ??= (load('@lhncbc/ucum-lhc') as Ucum).UcumLhcUtils.getInstance();
    const { status, ucumCode, unit } = ucum.validateUnitString(code);
    if (status !== 'valid' || ucumCode !== code) return undefined;
    return plainConcept(code, unit?.name || code);
  },
};
