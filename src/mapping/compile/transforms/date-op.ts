/**
 * `dateOp`. The specification names the transform and leaves its operations open; these are the ones supported:
 *
 * - `dateOp(v, 'add', n, 'days')`, `dateOp(v, 'subtract', n, 'months')`: years, months, weeks, days, hours, minutes, seconds.
 *   Months end at the last day they have. The precision stays, and so does the offset of the time zone.
 * - `dateOp(v, 'date')`: the date part of a dateTime.
 * - `dateOp(v, 'format', 'yyyyMMddHHmmss')`: a text made of yyyy MM dd HH mm ss SSS ZZ; anything else stands for itself.
 * - `dateOp(v, 'parse', 'dd.MM.yyyy')`: a date or dateTime read from such a text; without a zone (`ZZ`) a time is UTC.
 *
 * @see https://hl7.org/fhir/R4/valueset-map-transform.html
 */
import { didYouMean } from '../../suggestion.ts';
import { type Frame, failAt } from '../frame.ts';
import { CastFailure, castPrimitive } from '../primitive.ts';
import {
  type Call,
  compileArguments,
  literalText,
  shapesOf,
  type TransformCompiler,
  textOf,
} from './call.ts';

const OPERATIONS = ['add', 'subtract', 'date', 'format', 'parse'];
const PIECES = /yyyy|MM|dd|HH|mm|ss|SSS|ZZ/g;
const WIDTHS: Readonly<Record<string, string>> = {
  yyyy: '\\d{4}',
  MM: '\\d{2}',
  dd: '\\d{2}',
  HH: '\\d{2}',
  mm: '\\d{2}',
  ss: '\\d{2}',
  SSS: '\\d{3}',
  ZZ: 'Z|[+-]\\d{2}:?\\d{2}',
};
const MOMENT =
  /^(?<yyyy>\d{4})(?:-(?<MM>\d{2})(?:-(?<dd>\d{2})(?:T(?<HH>\d{2}):(?<mm>\d{2}):(?<ss>\d{2})(?:\.(?<SSS>\d+))?(?<ZZ>Z|[+-]\d{2}:\d{2}))?)?)?$/;

type Parts = Readonly<Record<string, string | undefined>>;

/** Reads a FHIR date or dateTime into its parts. */
function readMoment(text: string): Parts {
  const groups = MOMENT.exec(text)?.groups;
  if (!groups) throw new CastFailure('a text that is not a valid dateTime');
  return groups;
}

function writeMoment(parts: Parts): string {
  const { yyyy = '', MM, dd, HH, mm = '00', ss = '00', SSS, ZZ = 'Z' } = parts;
  const day = [yyyy, MM, dd].filter((part) => part !== undefined).join('-');
  if (HH === undefined) return String(castPrimitive(day, 'date'));
  const zone = ZZ.length === 5 ? `${ZZ.slice(0, 3)}:${ZZ.slice(3)}` : ZZ;
  return String(castPrimitive(`${day}T${HH}:${mm}:${ss}${SSS ? `.${SSS}` : ''}${zone}`, 'dateTime'));
}

function formatMoment(text: string, pattern: string): string {
  const parts = readMoment(text);
  return pattern.replace(PIECES, (piece) => {
    const part = parts[piece];
    if (part === undefined) throw new CastFailure(`a date without '${piece}'`);
    return piece === 'SSS' ? part.padEnd(3, '0').slice(0, 3) : part;
  });
}

function parseMoment(text: string, pattern: string): string {
  const names = pattern.match(PIECES) ?? [];
  const source = pattern
    .split(PIECES)
    .map(
      (fixed, index) =>
        fixed.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') + (names[index] ? `(${WIDTHS[names[index]]})` : ''),
    )
    .join('');
  const match = new RegExp(`^${source}$`).exec(text);
  if (!match) throw new CastFailure(`a text that is not of the form '${pattern}'`);
  return writeMoment(Object.fromEntries(names.map((name, index) => [name, match[index + 1]])));
}

const MILLISECONDS: Readonly<Record<string, number>> = {
  week: 604_800_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
};

/** Moves a moment's own calendar fields, so that the zone offset plays no part. */
function shift(text: string, amount: number, unit: string): string {
  const parts = readMoment(text);
  const { yyyy, MM = '01', dd = '01', HH = '00', mm = '00', ss = '00' } = parts;
  const at = new Date(`${yyyy}-${MM}-${dd}T${HH}:${mm}:${ss}Z`);
  const step = MILLISECONDS[unit];
  if (step !== undefined) at.setTime(at.getTime() + amount * step);
  else shiftMonths(at, unit === 'year' ? amount * 12 : amount);
  const moved = at.toISOString();
  const kept: Parts = {
    yyyy: moved.slice(0, 4),
    MM: parts['MM'] && moved.slice(5, 7),
    dd: parts['dd'] && moved.slice(8, 10),
    HH: parts['HH'] && moved.slice(11, 13),
    mm: moved.slice(14, 16),
    ss: moved.slice(17, 19),
    SSS: parts['SSS'],
    ZZ: parts['ZZ'],
  };
  return writeMoment(kept);
}

function shiftMonths(at: Date, months: number): void {
  const day = at.getUTCDate();
  at.setUTCDate(1);
  at.setUTCMonth(at.getUTCMonth() + months);
  const last = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate();
  at.setUTCDate(Math.min(day, last));
}

function unitOf(call: Call): string | undefined {
  const unit = literalText(call, 3)?.replace(/s$/, '');
  const known = ['year', 'month', ...Object.keys(MILLISECONDS)];
  if (unit === undefined || known.includes(unit)) return unit;
  call.scope.error(call.node.position, `dateOp() knows no '${unit}'`, didYouMean(unit, known));
  return undefined;
}

type Operate = (text: string, frame: Frame) => string;

function compileOperation(call: Call): Operate | undefined {
  const operation = literalText(call, 1);
  if (operation === undefined) return undefined;
  if (!OPERATIONS.includes(operation)) {
    const known = didYouMean(operation, OPERATIONS);
    call.scope.error(
      call.node.position,
      `dateOp() knows ${OPERATIONS.join(', ')}, not '${operation}'`,
      known,
    );
    return undefined;
  }
  if (operation === 'date') return (text) => String(castPrimitive(text, 'date'));
  if (operation === 'add' || operation === 'subtract')
    return compileShift(call, operation === 'add' ? 1 : -1);
  const pattern = literalText(call, 2);
  if (pattern === undefined) {
    call.scope.error(call.node.position, `dateOp(v, '${operation}', pattern) needs a pattern`);
    return undefined;
  }
  return operation === 'format'
    ? (text) => formatMoment(text, pattern)
    : (text) => parseMoment(text, pattern);
}

function compileShift(call: Call, sign: number): Operate | undefined {
  if (call.node.arguments.length !== 4) {
    call.scope.error(call.node.position, "dateOp() needs an amount and a unit: dateOp(v, 'add', 3, 'days')");
    return undefined;
  }
  const unit = unitOf(call);
  const amount = compileArguments(call, 4, 4)?.[2];
  if (unit === undefined || !amount) return undefined;
  return (text, frame) => {
    const count = Number(amount.value(frame));
    if (!Number.isInteger(count)) failAt(call.site, 'dateOp() needs a whole number');
    return shift(text, sign * count, unit);
  };
}

/** Compiles `dateOp`; what is no date or does not fit the pattern is an error. */
export const compileDateOp: TransformCompiler = (call) => {
  const [source] = compileArguments(call, 2, 4) ?? [];
  const operate = source && compileOperation(call);
  if (!source || !operate) return undefined;
  const isText = literalText(call, 1) === 'format';
  return {
    shapes: shapesOf(call.scope, isText ? 'string' : 'dateTime'),
    value: (frame) => {
      const text = textOf(source, frame, call);
      if (text === undefined) return undefined;
      try {
        return operate(text, frame);
      } catch (error) {
        if (!(error instanceof CastFailure)) throw error;
        return failAt(call.site, `dateOp(): this is ${error.message}`, error);
      }
    },
  };
};
