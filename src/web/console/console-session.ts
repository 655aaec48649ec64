/**
 * The console's own session: an operator's access token in a cookie that only the console sees. The token is checked on
 * every request, so the session ends when the token does.
 */
import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { readCookie } from '../read-cookie.ts';
import type { Operator, WebOptions } from '../types.ts';

const HOUR_MS = 3_600_000;

export interface ConsoleSession extends Operator {
  readonly csrfToken: string;
}

function nameCookie({ secure }: WebOptions): string {
  return secure ? '__Secure-silta-console' : 'silta-console';
}

/** The operator who is signed in; undefined when nobody is, or the token is not valid any more. */
export async function readConsoleSession(
  options: WebOptions,
  request: Request,
): Promise<ConsoleSession | undefined> {
  const token = readCookie(request, nameCookie(options));
  if (token === undefined) return undefined;
  const operator = await options.operator(token);
  if (!operator) return undefined;
  const csrfToken = createHash('sha256').update(`console-csrf:${token}`).digest('base64url');
  return { ...operator, csrfToken };
}

/** Keeps the token. `SameSite=Strict`: nobody comes to the console from elsewhere. */
export function startConsoleSession(options: WebOptions, response: Response, token: string): void {
  response.cookie(nameCookie(options), token, { ...cookieRules(options), maxAge: HOUR_MS });
}

export function endConsoleSession(options: WebOptions, response: Response): void {
  response.clearCookie(nameCookie(options), cookieRules(options));
}

function cookieRules({ secure }: WebOptions) {
  // A token is URL-safe text; encoding it would only make the cookie longer.
  return { path: '/console', httpOnly: true, sameSite: 'strict', secure, encode: String } as const;
}
