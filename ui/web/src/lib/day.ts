/** Calendar days, written "2026-11-19", and the instants at which they begin in a zone. */
import { zonedFormat } from './time';

const DAY = 86_400_000;

/** Whether a text names a day that exists. */
export function isDay(text: unknown): text is string {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

const wallClockParts: Intl.DateTimeFormatOptions = {
  year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
};

/** The wall clock of a zone at an instant, as if it were UTC. */
function wallClock(at: number, timeZone?: string): number {
  const parts = zonedFormat('en', wallClockParts, timeZone).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((candidate) => candidate.type === type)?.value);
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

/** The day of a zone at an instant in ms. */
export function dayOf(at: number, timeZone?: string): string {
  return new Date(wallClock(at, timeZone)).toISOString().slice(0, 10);
}

/** The instant in ms at which a day begins in a zone. */
export function startOfDay(day: string, timeZone?: string): number {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // The offset at the first guess may be that of the other side of a clock change.
  const guess = midnight - (wallClock(midnight, timeZone) - midnight);
  return midnight - (wallClock(guess, timeZone) - guess);
}
