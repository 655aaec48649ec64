import type { Bundle, BundleEntry, CarePlan, Task } from 'fhir/r4';
import { Client } from 'fhir-kit-client';
import { BDI, CANONICAL, type Cast, expect, MOOD } from './cast.ts';

const TASK_CODE = `${CANONICAL}/CodeSystem/task-code`;

/** The portal is a system of its own; it works with `fhir-kit-client`. */
export async function pushCarePlan(cast: Cast): Promise<string> {
  const client = new Client({ baseUrl: cast.users.fhirBase, bearerToken: await cast.users.token('portal') });
  const body = carePlanWithTasks(`Patient/${cast.citizen.patient}`);
  const result = (await client.transaction({ body: body as never })) as unknown as Bundle;
  const statuses = (result.entry ?? []).map((entry) => entry.response?.status ?? '');
  expect(statuses.length === 5 && statuses.every((status) => status.startsWith('201')), () =>
    statuses.join(', '),
  );
  const [plan] = (result.entry ?? []).map((entry) => entry.response?.location ?? '');
  const id = /CarePlan\/([^/]+)/.exec(plan ?? '')?.[1] ?? '';
  const stored = (await client.read({ resourceType: 'CarePlan', id })) as unknown as CarePlan;
  const references = (stored.activity ?? []).map((activity) => activity.reference?.reference ?? '');
  expect(
    references.length === 4 && references.every((reference) => /^Task\/[^/]+$/.test(reference)),
    () => `the plan's references are ${references.join(', ')}`,
  );
  cast.carePlan = `CarePlan/${id}`;
  return `CarePlan/${id} → ${references.join(', ')}`;
}

function carePlanWithTasks(patient: string): Bundle {
  const tasks: readonly [string, string, string?][] = [
    ['read-information', 'Tutustu tietopakettiin'],
    ['complete-questionnaire', 'Täytä mielialan itsearvio', MOOD],
    ['complete-questionnaire', 'Täytä BDI', BDI],
    ['self-care', 'Liiku kolme kertaa viikossa'],
  ];
  const ids = tasks.map(() => `urn:uuid:${crypto.randomUUID()}`);
  const plan: CarePlan = {
    resourceType: 'CarePlan',
    status: 'active',
    intent: 'plan',
    title: 'Masentuneen digipolku',
    subject: { reference: patient },
    instantiatesCanonical: [`${CANONICAL}/PlanDefinition/depression-path|1.0.0`],
    activity: ids.map((reference) => ({ reference: { reference } })),
  };
  const planId = `urn:uuid:${crypto.randomUUID()}`;
  const entries = tasks.map(([code, description, questionnaire], index): BundleEntry => {
    const task: Task = {
      resourceType: 'Task',
      status: 'requested',
      intent: 'order',
      code: { coding: [{ system: TASK_CODE, code }] },
      description,
      for: { reference: patient },
      basedOn: [{ reference: planId }],
      authoredOn: new Date().toISOString(),
      ...(questionnaire && {
        input: [{ type: { text: 'questionnaire' }, valueCanonical: questionnaire }],
      }),
    };
    return { fullUrl: ids[index] as string, resource: task, request: { method: 'POST', url: 'Task' } };
  });
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [{ fullUrl: planId, resource: plan, request: { method: 'POST', url: 'CarePlan' } }, ...entries],
  };
}
