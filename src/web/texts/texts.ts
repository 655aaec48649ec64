import { en } from './en.ts';
import { fi } from './fi.ts';
import { sv } from './sv.ts';

/** Languages that the pages exist in; Finnish is the base. */
export const LANGUAGES = ['fi', 'sv', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** States of a Task as the citizen sees them. @see https://hl7.org/fhir/R4/valueset-task-status.html */
export type TaskStatus =
  | 'draft'
  | 'requested'
  | 'received'
  | 'accepted'
  | 'rejected'
  | 'ready'
  | 'cancelled'
  | 'in-progress'
  | 'on-hold'
  | 'failed'
  | 'completed'
  | 'entered-in-error';

/** What was wrong with an answer, in the citizen's words. */
export type ProblemKind = 'missing' | 'format' | 'limit' | 'option' | 'other';

/** Everything a citizen reads on the pages. A language without one of these does not compile. */
export interface Texts {
  readonly languageName: string;
  readonly locale: string;
  readonly serviceName: string;
  readonly skipToContent: string;
  readonly languageChoice: string;
  readonly signIn: string;
  readonly signOut: string;
  readonly signedInAs: (name: string) => string;
  readonly mainNavigation: string;
  readonly home: string;
  readonly myPage: string;
  readonly footer: string;
  readonly mandates: {
    readonly title: string;
    readonly actingFor: (name: string) => string;
    readonly choose: string;
    readonly actForYourself: string;
    readonly notChosen: string;
  };
  readonly landing: {
    readonly title: string;
    readonly lead: string;
    readonly points: readonly string[];
    readonly emergency: string;
    readonly goToMyPage: string;
    readonly cancelled: string;
  };
  readonly my: {
    readonly title: string;
    readonly toDo: string;
    readonly nothingToDo: string;
    readonly contacts: string;
    readonly contactsLead: string;
    readonly done: string;
    readonly plans: string;
    readonly noPlans: string;
    readonly answers: string;
    readonly noAnswers: string;
    readonly due: (date: string) => string;
    readonly overdue: (date: string) => string;
    readonly status: string;
    readonly progress: (done: number, all: number) => string;
    readonly fillIn: (title: string) => string;
    readonly markDone: (title: string) => string;
    readonly unnamedTask: string;
    readonly unnamedPlan: string;
    readonly unnamedAnswer: string;
    readonly answeredOn: string;
    readonly questionnaire: string;
    readonly score: string;
    readonly noScore: string;
    readonly saved: string;
    readonly savedTaskDone: string;
  };
  readonly taskStatus: Readonly<Record<TaskStatus, string>>;
  readonly planStatus: Readonly<
    Record<'draft' | 'active' | 'on-hold' | 'revoked' | 'completed' | 'entered-in-error' | 'unknown', string>
  >;
  readonly form: {
    readonly required: string;
    readonly requiredHint: string;
    readonly onlyIfConcerns: string;
    readonly yes: string;
    readonly no: string;
    readonly chooseSeveral: string;
    readonly atMostCharacters: (count: number) => string;
    readonly dateHint: string;
    readonly send: string;
    readonly cancel: string;
    readonly errorPrefix: string;
    readonly errorTitle: (count: number) => string;
    readonly problems: Readonly<Record<ProblemKind, string>>;
    readonly notSaved: string;
    readonly changedMeanwhile: string;
    readonly notFillable: string;
    readonly alreadyDone: string;
  };
  readonly failure: {
    readonly title: string;
    readonly notFound: string;
    readonly signedOut: string;
    readonly stalePage: string;
    readonly forbidden: string;
    readonly notUnderstood: string;
    readonly tooLarge: string;
    readonly internal: string;
    readonly back: string;
  };
}

const TEXTS: Readonly<Record<Language, Texts>> = { fi, sv, en };

/** The texts of a language. */
export function textsOf(language: Language): Texts {
  return TEXTS[language];
}
