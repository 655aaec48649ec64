export { createExporter, type Exporter } from './bulk/create-exporter.ts';
export { createRest } from './create-rest.ts';
export { describeSupport, R4_MODIFIERS, supportedFeatures, UNSUPPORTED } from './describe-support.ts';
export { httpLogOptions, maskHetu } from './http-log.ts';
export { renderError } from './render-error.ts';
export { requestId, requestIdOf } from './request-id.ts';
export { scanJson } from './scan-json.ts';
export { createTransact } from './transact.ts';
export type { ExportLimits, Logger, RestLimits, RestOptions } from './types.ts';
