import type { Route } from '../routes.ts';
import { downloadExport } from './export-download.ts';
import { cancelExport, exportStatus } from './export-status.ts';
import { exportGroup, exportPatients, exportSystem } from './kick-off.ts';

const BULK_DATA = 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition';

const kickOffs = [
  { path: '$export', interact: exportSystem, operation: `${BULK_DATA}/export` },
  {
    path: ':type/$export',
    interact: exportPatients,
    operation: `${BULK_DATA}/patient-export`,
    types: ['Patient'],
  },
  {
    path: ':type/:id/$export',
    interact: exportGroup,
    operation: `${BULK_DATA}/group-export`,
    types: ['Group'],
  },
];

/** @see https://hl7.org/fhir/uv/bulkdata/STU2/export.html */
export const EXPORT_ROUTES: readonly Route[] = [
  ...kickOffs.flatMap((route): readonly Route[] => [
    { ...route, method: 'GET', name: 'export', body: 'none', alone: true },
    { ...route, method: 'POST', name: 'export', body: 'resource', alone: true },
  ]),
  {
    method: 'GET',
    path: '_export/:id',
    name: 'export-status',
    interact: exportStatus,
    body: 'none',
    alone: true,
  },
  {
    method: 'DELETE',
    path: '_export/:id',
    name: 'export-cancel',
    interact: cancelExport,
    body: 'none',
    alone: true,
  },
  {
    method: 'GET',
    path: '_export/:id/:file',
    name: 'export-file',
    interact: downloadExport,
    body: 'none',
    alone: true,
    answersLines: true,
  },
];
