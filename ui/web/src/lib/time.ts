/** Times of day and ages, in the installation's zone. */

export type TimeStyle = 'clock' | 'clockMs' | 'dateTime' | 'date' | 'day' | 'weekday' | 'month';

const options: Record<TimeStyle, Intl.DateTimeFormatOptions> = {
  clock: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  clockMs: { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' },
  dateTime: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  day: { day: 'numeric', month: 'short' },
  weekday: { weekday: 'short', day: 'numeric', month: 'short' },
  month: { month: 'long', year: 'numeric' },
  date: { day: 'numeric', month: 'short', year: 'numeric' },
};

/** A formatter for a zone; an unknown zone name falls back to the browser's. */
export function zonedFormat(locale: string, format: Intl.DateTimeFormatOptions, timeZone?: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(locale, { ...format, timeZone });
  } catch {
    return new Intl.DateTimeFormat(locale, format);
  }
}

/** Formats an RFC 3339 time in a zone. */
export function formatTime(iso: string, style: TimeStyle, locale: string, timeZone?: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? '–' : zonedFormat(locale, options[style], timeZone).format(at);
}

/** Whether a time falls on the day of now, in the zone. */
export function isToday(iso: string, now: number, locale: string, timeZone?: string): boolean {
  return formatTime(iso, 'date', locale, timeZone) === formatTime(new Date(now).toISOString(), 'date', locale, timeZone);
}

/** A log row's time: the clock today, with the date before it otherwise. */
export function rowTime(iso: string, now: number, locale: string, timeZone?: string): string {
  if (isToday(iso, now, locale, timeZone)) return formatTime(iso, 'clock', locale, timeZone);
  return formatTime(iso, 'dateTime', locale, timeZone);
}

/** A date with its year only where that is another one. */
export function shortDate(iso: string, now: number, locale: string, timeZone?: string): string {
  const sameYear = new Date(iso).getUTCFullYear() === new Date(now).getUTCFullYear();
  return formatTime(iso, sameYear ? 'day' : 'date', locale, timeZone);
}

/** "now", "14 s ago", "9 min ago", "3 h ago"; from a day on the date. */
export function age(iso: string, now: number, locale: string, timeZone?: string): string {
  const seconds = Math.round((now - new Date(iso).getTime()) / 1000);
  if (Number.isNaN(seconds)) return '–';
  if (seconds >= 86_400) return formatTime(iso, 'dateTime', locale, timeZone);
  const relative = new Intl.RelativeTimeFormat(locale, { style: 'narrow', numeric: 'auto' });
  if (seconds < 60) return relative.format(-Math.max(0, seconds), 'second');
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), 'minute');
  return relative.format(-Math.floor(seconds / 3600), 'hour');
}
