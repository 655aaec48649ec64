import { describe, expect, it } from '@jest/globals';
import { displayIn } from '../../src/terminology/display.ts';
import type { CodeSystemView } from '../../src/terminology/index.ts';
import { builtIn } from './support.ts';

const systemOf = (url: string) => builtIn.codeSystem(url) as CodeSystemView;
const nameOf = (url: string, code: string, language: string) => {
  const view = systemOf(url);
  const concept = view.find(code);
  return concept && displayIn(concept, view.language, [language]);
};

describe('a system that comes with the runtime', () => {
  it.each([
    ['urn:iso:std:iso:3166', 'FI', ['Finland', 'Suomi', 'Finland']],
    ['urn:iso:std:iso:3166', 'SWE', ['Sweden', 'Ruotsi', 'Sverige']],
    ['urn:iso:std:iso:3166', '578', ['Norway', 'Norja', 'Norge']],
    ['urn:iso:std:iso:4217', 'SEK', ['Swedish Krona', 'Ruotsin kruunu', 'svensk krona']],
    ['urn:ietf:bcp:47', 'sv-FI', ['Swedish (Finland)', 'ruotsi (Suomi)', 'svenska (Finland)']],
    [
      'http://unstats.un.org/unsd/methods/m49/m49.htm',
      '154',
      ['Northern Europe', 'Pohjois-Eurooppa', 'Nordeuropa'],
    ],
  ])('%s names %s in English, Finnish and Swedish', (url, code, names) => {
    expect(['en', 'fi', 'sv'].map((language) => nameOf(url, code, language))).toEqual(names);
  });

  it.each([
    [
      'http://unitsofmeasure.org',
      ['mg/dL', 'mm[Hg]', '10*9/L', '{score}', '%', 'kg/m2'],
      ['kilometer', 'mm Hg', 'foo', '', 'mg//dL'],
    ],
    [
      'urn:ietf:bcp:13',
      ['application/pdf', 'text/plain;charset=utf-8', 'image/svg+xml'],
      ['pdf', 'a/b/c', 'text/', 'te xt/plain'],
    ],
    ['urn:ietf:bcp:47', ['fi', 'en-GB', 'smn', 'zh-Hant-TW'], ['finnish', 'qqq', 'x', 'fi_FI', '']],
    ['urn:iso:std:iso:3166', ['AX', 'ALA', '248'], ['XX', 'ax', 'EU', '000']],
    ['urn:iso:std:iso:3166:-2', ['FI-18', 'SE-AB'], ['FI', 'XX-1', 'FI-1234']],
    ['urn:iso:std:iso:4217', ['EUR', 'FIM'], ['eur', 'QQQ']],
  ])('%s tells codes from what is none', (url, codes, others) => {
    const view = systemOf(url);
    expect(codes.filter((code) => !view.find(code))).toEqual([]);
    expect(others.filter((code) => view.find(code))).toEqual([]);
  });

  it('has the countries that HL7 lists, each by letters, more letters and a number', () => {
    const [include] = builtIn.valueSet('http://hl7.org/fhir/ValueSet/iso3166-1-2')?.compose?.include ?? [];
    const listed = include?.concept?.map(({ code }) => code) ?? [];
    expect(listed).toHaveLength(249);
    const concepts = systemOf('urn:iso:std:iso:3166').concepts ?? [];
    const ofForm = (form: RegExp) => concepts.filter(({ code }) => form.test(code)).length;
    expect(listed.filter((code) => !systemOf('urn:iso:std:iso:3166').find(code))).toEqual([]);
    expect(ofForm(/^[A-Z]{2}$/)).toBe(249);
    expect(ofForm(/^[A-Z]{3}$/)).toBe(249);
    expect(ofForm(/^\d{3}$/)).toBeGreaterThan(240);
  });
});

describe('the terminology of R4', () => {
  it('has displays, definitions and designations, and only the version that it is of', () => {
    const gender = systemOf('http://hl7.org/fhir/administrative-gender');
    expect(gender.find('female')).toMatchObject({ display: 'Female', definition: 'Female.' });
    expect(builtIn.codeSystem('http://hl7.org/fhir/administrative-gender', '4.0.1')?.version).toBe('4.0.1');
    expect(builtIn.codeSystem('http://hl7.org/fhir/administrative-gender', '9.9')).toBeUndefined();
    expect(builtIn.codeSystem('http://loinc.org')).toBeUndefined();
    expect(builtIn.codeSystem('__proto__')).toBeUndefined();
  });

  it('has the value set of all codes that a code system names', () => {
    const valueSet = builtIn.valueSet('http://hl7.org/fhir/ValueSet/administrative-gender');
    expect(valueSet?.compose?.include).toEqual([{ system: 'http://hl7.org/fhir/administrative-gender' }]);
    expect(builtIn.valueSet('https://silta.example/fhir/ValueSet/issue')?.compose?.include).toHaveLength(1);
  });
});
