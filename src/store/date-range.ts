/**
 * FHIR dates as the span of time they cover, in milliseconds since 1970. A date without a time zone is read in UTC.
 * @see https://hl7.org/fhir/R4/search.html#date
 */

export interface DateRange {
  /** First and last millisecond covered; infinite when open. */
  readonly low: number;
  readonly high: number;
}

const FORM =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/** The span of a FHIR date, dateTime or instant; undefined when the text is none. */
export function dateRange(text: string): DateRange | undefined {
  const match = FORM.exec(text);
  // The year 0000 is none: https://hl7.org/fhir/R4/datatypes.html#date
  if (!match || match[1] === '0000') return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const given = [month, day, hour, minute, second].map((each) =>
    each === undefined ? undefined : Number(each),
  );
  const [mo = 1, d = 1, h = 0, mi = 0, s = 0] = given;
  if (mo < 1 || mo > 12 || d < 1 || d > daysIn(Number(year), mo) || h > 23 || mi > 59 || s > 60)
    return undefined;
  const offset = zoneOffset(zone);
  if (offset === undefined) return undefined;
  const start = utc(Number(year), mo - 1, d, h, mi, s) - offset;
  if (fraction !== undefined) {
    const low = start + Math.floor(Number(`0.${fraction}`) * 1000 + 1e-6);
    return { low, high: low };
  }
  const end = (): number => {
    if (second !== undefined) return start + 1_000;
    if (minute !== undefined) return start + 60_000;
    if (day !== undefined) return start + 86_400_000;
    if (month !== undefined) return utc(Number(year), mo, 1, 0, 0, 0);
    return utc(Number(year) + 1, 0, 1, 0, 0, 0);
  };
  return { low: start, high: end() - 1 };
}

const daysIn = (year: number, month: number): number => new Date(utc(year, month, 0, 0, 0, 0)).getUTCDate();

// Date.UTC takes the years 0–99 for 1900–1999.
function utc(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second);
  return date.getTime();
}

function zoneOffset(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4));
  if (hours > 14 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

const FIRST = utc(1, 0, 1, 0, 0, 0);
const LAST = utc(10_000, 0, 1, 0, 0, 0) - 1;

/** A moment as Postgres reads it; what lies outside the years of FHIR dates is infinitely far. */
export function toTimestamp(ms: number): string {
  if (ms > LAST) return 'infinity';
  if (ms < FIRST) return '-infinity';
  return new Date(ms).toISOString();
}
