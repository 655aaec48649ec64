/**
 * Browser sessions of citizens: kept by the server, found by the hash of a random cookie value, ended after 15 idle
 * minutes and after 8 hours at the latest, and given a new value at every sign-in.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { SessionStore } from '../store/index.ts';
import { type CookieNames, readCookie, writeCookie } from './cookies.ts';
import type { Clock, Locale, WebSession } from './types.ts';
import { LOCALES } from './types.ts';

const IDLE_MINUTES = 15;
const ABSOLUTE_HOURS = 8;

export interface WebSessions {
  /** Starts a session; the result is the `Set-Cookie` value. An earlier session of the same browser ends. */
  start(person: SignedIn, cookieHeader: string | undefined): Promise<string>;
  find(cookieHeader: string | undefined): Promise<WebSession | undefined>;
  /** Ends the session; the result is the `Set-Cookie` value that removes the cookie. */
  end(cookieHeader: string | undefined): Promise<string>;
  sweep(): Promise<void>;
}

export interface SignedIn {
  readonly patientId: string;
  readonly acr: string;
  readonly locale: Locale;
}

/** SHA-256 of a bearer value, as the store keeps it. */
export function hashOf(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

/** Compares two secrets without telling by its duration where they differ. */
export function isSameSecret(left: string, right: string): boolean {
  return timingSafeEqual(hashOf(left), hashOf(right));
}

/** Opens the sessions of one gateway. */
export function createWebSessions(parts: {
  readonly store: SessionStore;
  readonly cookies: CookieNames;
  readonly clock: Clock;
}): WebSessions {
  const { store, cookies, clock } = parts;
  const seenSince = (now: Date): Date => new Date(now.getTime() - IDLE_MINUTES * 60_000);
  const remove = async (header: string | undefined): Promise<void> => {
    const id = readCookie(header, cookies.session);
    if (id) await store.removeSession(hashOf(id));
  };
  return {
    start: async (person, header) => {
      await remove(header);
      const id = randomBytes(32).toString('base64url');
      const now = clock();
      const expiresAt = new Date(now.getTime() + ABSOLUTE_HOURS * 3_600_000);
      await store.addSession(hashOf(id), { ...person, signedInAt: now, lastSeenAt: now, expiresAt });
      return writeCookie(cookies.session, id, { secure: cookies.secure });
    },
    find: async (header) => {
      const id = readCookie(header, cookies.session);
      if (!id) return undefined;
      const now = clock();
      const stored = await store.touchSession(hashOf(id), now, seenSince(now));
      if (!stored) return undefined;
      const { patientId, acr, signedInAt, acting } = stored;
      return {
        idHash: hashOf(id),
        patientId,
        ...(acting && { acting }),
        acr,
        signedInAt,
        locale: toLocale(stored.locale),
        csrfToken: csrfTokenOf(id),
      };
    },
    end: async (header) => {
      await remove(header);
      return writeCookie(cookies.session, '', { secure: cookies.secure, maxAgeSeconds: 0 });
    },
    sweep: async () => {
      const now = clock();
      await store.removeExpired(now, seenSince(now));
    },
  };
}

/** What pages show may not open the session: the token follows from the cookie's value, never the other way. */
function csrfTokenOf(id: string): string {
  return createHmac('sha256', id).update('csrf').digest('base64url');
}

/** The first of the given words that is a language the gateway speaks; Finnish otherwise. */
export function toLocale(...candidates: readonly unknown[]): Locale {
  for (const candidate of candidates) {
    if (typeof candidate !== 'string') continue;
    const words = candidate.toLowerCase().split(/[\s,;]+/);
    const found = words.map((word) => LOCALES.find((locale) => word.split('-')[0] === locale)).find(Boolean);
    if (found) return found;
  }
  return 'fi';
}
