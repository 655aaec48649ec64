import { describe, expect, it } from '@jest/globals';
import { didYouMean, suggest } from '../src/suggest.ts';

describe('a suggestion', () => {
  it.each([
    ['staus', ['status', 'subject'], 'status'],
    ['Patinet', ['Patient', 'Practitioner'], 'Patient'],
    ['STATUS', ['status'], 'status'],
    ['quetionnaire', ['questionnaire', 'question'], 'questionnaire'],
  ])('for %s is the nearest known name', (wrong, known, name) => {
    expect(suggest(wrong, known)).toBe(name);
  });

  it('is not made when nothing is near, nor of the name itself', () => {
    expect(suggest('colour', ['status', 'subject'])).toBeUndefined();
    expect(suggest('status', ['status'])).toBeUndefined();
    expect(suggest('x', ['y'])).toBeUndefined();
  });

  it('is not looked for in what is too long to be a name', () => {
    expect(suggest('a'.repeat(65), ['a'.repeat(64)])).toBeUndefined();
  });

  it('ends a sentence, or adds nothing to it', () => {
    expect(didYouMean('autor', ['author'])).toBe(" Did you mean 'author'?");
    expect(didYouMean('zzz', ['author'])).toBe('');
  });
});
