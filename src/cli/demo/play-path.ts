/** The order of the demo: one table, a step a line. */
import type { SandboxUsers } from '../sandbox-client.ts';
import { type Cast, createCast } from './cast.ts';
import { answerBdiWhileLifecareIsDown, answerBdiWithHighTotal, answerMood } from './citizen-steps.ts';
import { pushCarePlan } from './portal-steps.ts';
import { pullAnswers } from './record-steps.ts';
import { refuseBadAnswers } from './refusal-steps.ts';
import { signInCitizen } from './sign-in-step.ts';
import { closeTicket, findDocuments, findTickets } from './system-steps.ts';

interface Step {
  readonly title: string;
  /** Throws when the step does not hold; returns what was seen. */
  readonly play: (cast: Cast) => Promise<string>;
}

const STEPS: readonly Step[] = [
  { title: 'A citizen signs in with Suomi.fi, through the portal', play: signInCitizen },
  { title: 'The portal pushes a CarePlan with four Tasks as one transaction', play: pushCarePlan },
  { title: 'Wrong answers are refused, each with its place, and nothing is stored', play: refuseBadAnswers },
  { title: 'Mood self-assessment: "need help soon" makes an urgent Task', play: answerMood },
  {
    title: 'BDI total 12, Lifecare off for 5 s: scored, self-care Tasks 1–3',
    play: answerBdiWhileLifecareIsDown,
  },
  { title: "BDI total 24: scored, a professional's Task", play: answerBdiWithHighTotal },
  { title: 'SAP C4C has the tickets, each exactly once', play: findTickets },
  { title: 'Lifecare has answers and scores, each exactly once, with Provenance', play: findDocuments },
  { title: 'SAP closes a ticket: the Task is completed', play: closeTicket },
  { title: 'A patient record pulls the answers with Backend Services', play: pullAnswers },
];

/**
 * Plays the depression path over HTTP as citizen, portal, SAP and patient record.
 * @throws Error of the first step that does not hold
 */
export async function playPath(
  users: SandboxUsers,
  sandboxUrl: string,
  say: (line: string) => void,
): Promise<void> {
  const cast = createCast(users, sandboxUrl);
  const began = Date.now();
  for (const [index, { title, play }] of STEPS.entries()) {
    const number = `${index + 1}/${STEPS.length}`.padStart(5);
    const since = Date.now();
    try {
      const seen = await play(cast);
      say(`${number} ✓ ${title}  (${Date.now() - since} ms)\n        ${seen.replaceAll('\n', '\n        ')}`);
    } catch (error) {
      say(`${number} ✗ ${title}`);
      throw error;
    }
  }
  say(`\nThe path holds: ${STEPS.length} steps in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}
