/** The mandate service of a deployment: where it is, and the county's own rules of who may act for whom. */
import { parse } from 'yaml';
import { z } from 'zod';
import { SiltaError } from '../../outcome.ts';
import { type MandateRules, mandateRulesSchema } from './mandate-rules.ts';

const address = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/$/, ''));

const settingsSchema = z.strictObject({
  api: address,
  pages: address,
  clientId: z.string().regex(/^[A-Za-z0-9]{8}$/, 'is eight letters and digits'),
  rules: mandateRulesSchema.prefault({}),
});

export interface MandateSettings {
  readonly api: string;
  readonly pages: string;
  readonly clientId: string;
  readonly rules: MandateRules;
}

/**
 * Reads the text of a mandates file, YAML or JSON.
 * @param mode `production` refuses addresses over http
 * @throws SiltaError `invalid-request` (key `mandates`) naming every wrong member
 */
export function readMandateSettings(text: string, mode: 'production' | 'sandbox'): MandateSettings {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw wrong('The mandates file is not YAML.', cause);
  }
  const parsed = settingsSchema.safeParse(value);
  if (!parsed.success) throw wrong(`The mandates file is wrong: ${z.prettifyError(parsed.error)}`);
  const { api, pages } = parsed.data;
  if (mode === 'production' && ![api, pages].every((url) => url.startsWith('https:'))) {
    throw wrong('The mandates file is wrong: api and pages must be https in production.');
  }
  return parsed.data;
}

function wrong(message: string, cause?: unknown): SiltaError {
  return new SiltaError('invalid-request', message, {
    key: 'mandates',
    ...(cause !== undefined && { cause }),
  });
}
