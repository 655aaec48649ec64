/**
 * Test persons of the stand-in. Personal identity codes have individual numbers 900–999, which are never issued to a
 * real person; the names are invented.
 * @see https://dvv.fi/en/personal-identity-code
 */

export interface TestPerson {
  /** What the login page and the tests choose by; never a personal identity code. */
  readonly id: string;
  readonly hetu?: string;
  /** Identifier of a person identified through eIDAS. */
  readonly foreignIdentifier?: string;
  readonly familyName: string;
  readonly givenNames: string;
  readonly birthDate: string;
  readonly language: 'fi' | 'sv' | 'en';
  /** What is special about the person, as the login page shows it. */
  readonly about: string;
  /** A non-disclosure order (turvakielto) is in force. */
  readonly nonDisclosure?: true;
  /** The population register knows the person as deceased: identification is refused. */
  readonly deceased?: true;
}

export const TEST_PERSONS: readonly TestPerson[] = [
  {
    id: 'tessa',
    hetu: '010280-952L',
    familyName: 'Testilä',
    givenNames: 'Tessa Kaarina',
    birthDate: '1980-02-01',
    language: 'fi',
    about: 'perustapaus / an ordinary citizen',
  },
  {
    id: 'joni',
    hetu: '010469-999W',
    familyName: 'Kivimäki',
    givenNames: 'Joni Kristian',
    birthDate: '1969-04-01',
    language: 'fi',
    about: 'toinen henkilö / another citizen',
  },
  {
    id: 'svea',
    hetu: '020516C903K',
    familyName: 'Sandstrand',
    givenNames: 'Svea Linnea',
    birthDate: '2016-05-02',
    language: 'sv',
    about: 'svenskspråkig, minderårig, nytt skiljetecken / Swedish-speaking minor, new separator',
  },
  {
    id: 'tuuli',
    hetu: '260991-999R',
    familyName: 'Turvala',
    givenNames: 'Tuuli',
    birthDate: '1991-09-26',
    language: 'fi',
    about: 'turvakielto / non-disclosure order',
    nonDisclosure: true,
  },
  {
    id: 'vieno',
    hetu: '020365-999P',
    familyName: 'Vainio',
    givenNames: 'Vieno',
    birthDate: '1965-03-02',
    language: 'fi',
    about: 'kuollut / deceased',
    deceased: true,
  },
  {
    id: 'elsa',
    foreignIdentifier: 'FI/SE/790415-TEST',
    familyName: 'Exempelsson',
    givenNames: 'Elsa',
    birthDate: '1979-04-15',
    language: 'sv',
    about: 'eIDAS, ingen finsk personbeteckning / identified through eIDAS, no Finnish code',
  },
];
