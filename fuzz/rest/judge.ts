/** What every answer must be, whatever was asked. */
import type { Attack } from './attack.ts';
import type { Reply } from './send.ts';

/** @returns what is wrong with the answer; undefined when nothing is */
export function judge(reply: Reply): string | undefined {
  if (reply.status >= 500) return `Status ${reply.status}: ${reply.text.slice(0, 500)}`;
  if (reply.status < 400 || reply.text === '') return undefined;
  // An answer that the HTTP parser itself gave has no body; every other refusal says why.
  if (!/json|xml/.test(reply.contentType)) return `A refusal of type '${reply.contentType}'`;
  if (!/json/.test(reply.contentType)) return undefined;
  const outcome = parse(reply.text);
  if (outcome?.resourceType !== 'OperationOutcome')
    return `A refusal without OperationOutcome: ${reply.text.slice(0, 200)}`;
  const [issue] = outcome.issue ?? [];
  if (!issue?.severity || !issue.code || !issue.diagnostics)
    return `An issue that says too little: ${reply.text.slice(0, 200)}`;
  if (/\bat \S+ \(|node_modules|SELECT |INSERT /.test(reply.text))
    return `An answer that shows the inside: ${reply.text.slice(0, 300)}`;
  return undefined;
}

interface Outcome {
  readonly resourceType?: string;
  readonly issue?: readonly {
    readonly severity?: string;
    readonly code?: string;
    readonly diagnostics?: string;
  }[];
}

function parse(text: string): Outcome | undefined {
  try {
    return JSON.parse(text) as Outcome;
  } catch {
    return undefined;
  }
}

/** The attack in a form that a person can repeat. */
export function describeAttack({ method, path, headers, body }: Attack): string {
  const shown = body ? Buffer.from(body).toString('latin1').slice(0, 2_000) : '';
  return `${method} /fhir${path}\n${JSON.stringify(headers)}\n${shown}${body && body.length > 2_000 ? ` … (${body.length} bytes)` : ''}`;
}
