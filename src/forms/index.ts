export { type CompletedResponse, completeResponse } from './complete-response.ts';
export { type ExtractionTools, extractObservations } from './extract-observations.ts';
export { type Score, scoresOf } from './scores.ts';
