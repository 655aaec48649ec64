/**
 * Links of a search's pages. None shows a value that may identify a person: the self link leaves such parameters
 * out, the next link is sealed as a whole.
 * @see https://hl7.org/fhir/R4/search.html#Introduction privacy of searches
 */
import { maskHetu } from './mask-hetu.ts';
import { type Parameters, writeParameters } from './parse-parameters.ts';
import { openPage, sealPage } from './seal-page.ts';
import type { Session } from './types.ts';

/** Parameters whose values name or reach a person, on their own or at the end of a chain. */
const PERSONAL: ReadonlySet<string> = new Set([
  'identifier',
  'name',
  'family',
  'given',
  'phonetic',
  'birthdate',
  'phone',
  'email',
  'telecom',
  '_text',
  '_content',
]);

export interface PageState {
  readonly parameters: Parameters;
  readonly next: string;
}

/** Parameters that a link may show. */
export function publicParameters(parameters: Parameters): Parameters {
  return parameters.filter(([name, value]) => {
    const steps = name.split(/[.:]/);
    const personal = steps.some((step) => PERSONAL.has(step) || step.startsWith('address'));
    return !personal && maskHetu(value) === value && maskHetu(name) === name;
  });
}

export function selfLink(session: Session, type: string, parameters: Parameters): string {
  const query = writeParameters(publicParameters(parameters));
  return `${addressOf(session, type)}${query && `?${query}`}`;
}

export function nextLink(session: Session, type: string, state: PageState): string {
  const token = sealPage(session.rest.sealingKey, bindingOf(session, type), state);
  return `${addressOf(session, type)}?_page=${token}`;
}

/** A search of several types is at the base itself. */
const addressOf = ({ rest }: Session, type: string): string =>
  type === '' ? rest.baseUrl : `${rest.baseUrl}/${type}`;

/** @throws SiltaError `invalid-parameter` */
export function openPageState(session: Session, type: string, token: string): PageState {
  return openPage(session.rest.sealingKey, bindingOf(session, type), token) as PageState;
}

function bindingOf(session: Session, type: string): string {
  return `search|${session.principal.who}|${session.principal.clientId ?? ''}|${type}`;
}
