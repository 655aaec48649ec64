/** The stand-in's page on which a tester chooses who to be. */
import type { TestPerson } from './persons.ts';

const TEXTS = {
  fi: { title: 'Testitunnistus', choose: 'Kenenä tunnistaudut?', go: 'Tunnistaudu', cancel: 'Peruuta' },
  sv: { title: 'Testidentifiering', choose: 'Vem är du?', go: 'Identifiera dig', cancel: 'Avbryt' },
  en: { title: 'Test identification', choose: 'Who are you?', go: 'Identify yourself', cancel: 'Cancel' },
} as const;

/** Renders the page: a plain form that works without scripts. */
export function renderLogin(
  persons: readonly TestPerson[],
  options: { readonly action: string; readonly locales: string | undefined },
): string {
  const locale =
    (['fi', 'sv', 'en'] as const).find((name) => name === options.locales?.split(' ')[0]) ?? 'fi';
  const texts = TEXTS[locale];
  const rows = persons.map(
    (person, index) =>
      `<p><label><input type="radio" name="person" value="${person.id}"${index === 0 ? ' checked' : ''} required>
<span lang="${person.language}">${person.givenNames} ${person.familyName}</span> (${person.about})</label></p>`,
  );
  return `<!doctype html>
<html lang="${locale}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${texts.title}</title></head>
<body><main><h1>${texts.title}</h1>
<form method="post" action="${options.action}">
<fieldset><legend>${texts.choose}</legend>
${rows.join('\n')}
</fieldset>
<button name="decision" value="identify">${texts.go}</button>
<button name="decision" value="cancel" formnovalidate>${texts.cancel}</button>
</form></main></body></html>
`;
}
