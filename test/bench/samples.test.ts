import { beforeAll, describe, expect, it } from '@jest/globals';
import { OPERATIONS } from '../../bench/rest/operations.ts';
import { TARGETS, toJson, toTable } from '../../bench/rest/report.ts';
import {
  carePlanBundle,
  ITEMS,
  idOf,
  patient,
  questionnaire,
  response,
  sizesOf,
  task,
} from '../../bench/rest/samples.ts';
import { type Conformance, createConformance } from '../../src/conformance/index.ts';
import { loadDefinitions } from '../../src/definitions/index.ts';
import type { Resource } from '../../src/resource.ts';

describe('what the REST benchmark stores and sends', () => {
  let conformance: Conformance;
  const sizes = sizesOf(500);
  beforeAll(async () => {
    conformance = createConformance({ definitions: await loadDefinitions({ profiles: 'profiles' }) });
  });

  const errorsOf = (resource: object) =>
    conformance.validate(resource as Resource).filter(({ severity }) => severity === 'error');

  it('is valid, so that a refusal is never what is measured', () => {
    for (const n of [0, 1, 51, 499]) {
      for (const resource of [questionnaire(), patient(n), response(n, sizes), task(n, sizes)]) {
        expect(errorsOf(resource)).toEqual([]);
      }
      for (const { resource } of carePlanBundle(n, sizes).entry ?? [])
        expect(errorsOf(resource ?? {})).toEqual([]);
      const answers = conformance.validateResponse(
        response(n, sizes) as unknown as Resource,
        questionnaire() as unknown as Resource,
      );
      expect(answers.filter(({ severity }) => severity === 'error')).toEqual([]);
    }
  });

  it('has answers of about 3 KB with twelve items', () => {
    const text = JSON.stringify(response(7, sizes));
    expect(response(7, sizes).item).toHaveLength(ITEMS);
    expect(text.length).toBeGreaterThan(2_500);
    expect(text.length).toBeLessThan(4_000);
  });

  it('gives every patient Tasks in the two states that are searched for', () => {
    const subject = `Patient/${idOf('Patient', 33)}`;
    const own = Array.from({ length: sizes.tasks }, (_, n) => task(n, sizes)).filter(
      (each) => each.for?.reference === subject,
    );
    expect(own).toHaveLength(10);
    expect(new Set(own.map(({ status }) => status))).toContain('in-progress');
  });
});

describe('the report of the REST benchmark', () => {
  const measured = (perSecond: number) => ({ count: 9, perSecond, p50Ms: 3.456, p99Ms: 7.89, cpuUs: 800 });
  const figures = {
    operations: { read: { gateway: measured(900), bare: measured(1_200) } },
    readyMs: 1_234.5,
    memoryBytes: 209_715_200,
  };

  it('prints ratios beside what is to be reached', () => {
    expect(Object.keys(TARGETS).sort()).toEqual([...OPERATIONS].sort());
    expect(toTable(figures)).toMatch(/read +900 +1200 +0\.75 +0\.9/);
    expect(toJson(figures)).toMatchObject({
      operations: {
        read: { perSecond: 900, barePerSecond: 1_200, ratio: 0.75, p50Ms: 3.46, p99Ms: 7.89 },
      },
      memoryMiB: 200,
    });
  });
});
