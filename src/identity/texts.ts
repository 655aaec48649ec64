/** What citizens read on the pages of this room, in Finnish, Swedish and English. */
import type { Locale } from './types.ts';

interface Texts {
  readonly title: string;
  readonly consentTitle: string;
  readonly consentIntro: (client: string) => string;
  readonly consentFrom: (organization: string) => string;
  readonly canRead: string;
  readonly canWrite: string;
  readonly offline: (days: number) => string;
  readonly online: string;
  readonly allow: string;
  readonly deny: string;
  readonly failedTitle: string;
  readonly failed: string;
  readonly deceased: string;
  readonly mandateTitle: string;
  readonly mandateRefused: string;
  readonly unavailable: string;
  readonly expired: string;
  readonly again: string;
  readonly code: string;
  readonly allData: string;
  readonly resources: Readonly<Record<string, string>>;
}

export const TEXTS: Readonly<Record<Locale, Texts>> = {
  fi: {
    title: 'Silta',
    consentTitle: 'Palvelu pyytää lupaa tietoihisi',
    consentIntro: (client) => `${client} haluaa käyttää tietojasi puolestasi.`,
    consentFrom: (organization) => `Palvelun tarjoaa ${organization}.`,
    canRead: 'Palvelu saa lukea',
    canWrite: 'Palvelu saa tallentaa',
    offline: (days) =>
      `Palvelu voi käyttää tietojasi myös silloin, kun et ole kirjautuneena, enintään ${days} päivän ajan.`,
    online: 'Palvelu voi käyttää tietojasi niin kauan kuin olet kirjautuneena.',
    allow: 'Annan luvan',
    deny: 'En anna lupaa',
    failedTitle: 'Tunnistautuminen ei onnistunut',
    failed: 'Tunnistautumispalvelun vastausta ei voitu hyväksyä. Voit yrittää uudelleen.',
    deceased: 'Palvelua ei voi käyttää näillä tunnuksilla. Ota yhteyttä asiakaspalveluun.',
    mandateTitle: 'Toisen puolesta ei voi asioida',
    mandateRefused:
      'Et voi asioida tämän henkilön puolesta tässä palvelussa. Syynä voi olla puuttuva tai päättynyt valtuus, lapsen ikä tai lapsen oma tahto.',
    unavailable: 'Tunnistautumispalveluun ei juuri nyt saada yhteyttä. Yritä hetken kuluttua uudelleen.',
    expired: 'Tunnistautuminen vanheni tai se on jo käytetty. Aloita alusta.',
    again: 'Yritä uudelleen',
    code: 'Virheen tunnus',
    allData: 'kaikki tietosi',
    resources: {
      Patient: 'henkilötietosi',
      Questionnaire: 'kyselylomakkeet',
      QuestionnaireResponse: 'kyselyvastauksesi',
      CarePlan: 'hoito- ja palvelusuunnitelmasi',
      Task: 'tehtäväsi',
      Observation: 'mittauksesi ja pisteesi',
      Consent: 'suostumuksesi',
      Communication: 'viestisi',
    },
  },
  sv: {
    title: 'Silta',
    consentTitle: 'Tjänsten ber om tillstånd till dina uppgifter',
    consentIntro: (client) => `${client} vill använda dina uppgifter för din räkning.`,
    consentFrom: (organization) => `Tjänsten tillhandahålls av ${organization}.`,
    canRead: 'Tjänsten får läsa',
    canWrite: 'Tjänsten får spara',
    offline: (days) =>
      `Tjänsten kan använda dina uppgifter även när du inte är inloggad, i högst ${days} dagar.`,
    online: 'Tjänsten kan använda dina uppgifter så länge du är inloggad.',
    allow: 'Jag ger tillstånd',
    deny: 'Jag ger inte tillstånd',
    failedTitle: 'Identifieringen lyckades inte',
    failed: 'Svaret från identifieringstjänsten kunde inte godkännas. Du kan försöka igen.',
    deceased: 'Tjänsten kan inte användas med denna identitet. Kontakta kundtjänsten.',
    mandateTitle: 'Du kan inte uträtta ärenden för någon annan',
    mandateRefused:
      'Du kan inte uträtta ärenden för denna person i den här tjänsten. Fullmakten kan saknas eller ha upphört, eller så är orsaken barnets ålder eller vilja.',
    unavailable: 'Identifieringstjänsten kan inte nås just nu. Försök igen om en stund.',
    expired: 'Identifieringen har föråldrats eller redan använts. Börja från början.',
    again: 'Försök igen',
    code: 'Felkod',
    allData: 'alla dina uppgifter',
    resources: {
      Patient: 'dina personuppgifter',
      Questionnaire: 'frågeformulär',
      QuestionnaireResponse: 'dina svar på frågeformulär',
      CarePlan: 'din vård- och serviceplan',
      Task: 'dina uppgifter att göra',
      Observation: 'dina mätningar och poäng',
      Consent: 'dina samtycken',
      Communication: 'dina meddelanden',
    },
  },
  en: {
    title: 'Silta',
    consentTitle: 'A service asks for access to your data',
    consentIntro: (client) => `${client} wants to use your data on your behalf.`,
    consentFrom: (organization) => `The service is provided by ${organization}.`,
    canRead: 'The service may read',
    canWrite: 'The service may save',
    offline: (days) =>
      `The service can use your data also when you are not signed in, for at most ${days} days.`,
    online: 'The service can use your data as long as you are signed in.',
    allow: 'Allow',
    deny: 'Do not allow',
    failedTitle: 'Identification did not succeed',
    failed: 'The answer of the identification service could not be accepted. You can try again.',
    deceased: 'The service cannot be used with this identity. Please contact customer service.',
    mandateTitle: 'Acting for another is not possible',
    mandateRefused:
      'You cannot act for this person in this service. The mandate may be missing or have ended, or the reason is the child’s age or own will.',
    unavailable: 'The identification service cannot be reached at the moment. Please try again in a while.',
    expired: 'The identification has expired or has already been used. Please start again.',
    again: 'Try again',
    code: 'Error code',
    allData: 'all your data',
    resources: {
      Patient: 'your personal details',
      Questionnaire: 'questionnaires',
      QuestionnaireResponse: 'your answers to questionnaires',
      CarePlan: 'your care and service plan',
      Task: 'your tasks',
      Observation: 'your measurements and scores',
      Consent: 'your consents',
      Communication: 'your messages',
    },
  },
};
