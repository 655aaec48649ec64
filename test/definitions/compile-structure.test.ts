import { beforeAll, describe, expect, it } from '@jest/globals';
import type { StructureDefinition } from 'fhir/r4';
import { compileStructure, type Definitions, loadDefinitions } from '../../src/definitions/index.ts';

const ticket: StructureDefinition = {
  resourceType: 'StructureDefinition',
  url: 'https://silta.example/fhir/StructureDefinition/test-ticket',
  name: 'Ticket',
  status: 'active',
  kind: 'logical',
  abstract: false,
  type: 'https://silta.example/fhir/StructureDefinition/Ticket',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Element',
  derivation: 'specialization',
  differential: {
    element: [
      { id: 'Ticket', path: 'Ticket' },
      { id: 'Ticket.subject', path: 'Ticket.subject', min: 1, max: '1', type: [{ code: 'string' }] },
      { id: 'Ticket.note', path: 'Ticket.note', min: 0, max: '*', type: [{ code: 'BackboneElement' }] },
      { id: 'Ticket.note.text', path: 'Ticket.note.text', min: 1, max: '1', type: [{ code: 'string' }] },
    ],
  },
};

describe('a logical model', () => {
  let definitions: Definitions;
  beforeAll(async () => {
    definitions = await loadDefinitions({ profiles: 'profiles' });
  });

  it('has the elements of its differential under its own name', () => {
    const structure = compileStructure(ticket, definitions);
    expect(structure.type).toBe('Ticket');
    expect(structure.element('Ticket.subject')).toMatchObject({
      min: 1,
      max: 1,
      types: [{ code: 'string' }],
    });
    expect(structure.children('Ticket.note').map((each) => each.name)).toContain('text');
    expect(structure.element('Ticket.note')?.max).toBe(Number.POSITIVE_INFINITY);
  });

  it('is refused when its base is not known', () => {
    const lost = { ...ticket, baseDefinition: 'https://nowhere.example/Base' };
    expect(() => compileStructure(lost, definitions)).toThrow('The base https://nowhere.example/Base');
  });
});
