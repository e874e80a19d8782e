import { expect, it } from 'vitest';
import { age, formatTime, isToday, rowTime, shortDate } from './time';

const now = Date.parse('2026-11-19T14:32:08Z');

it('writes times in the zone of the installation', () => {
  expect(formatTime('2026-11-19T14:30:52.118Z', 'clock', 'en-GB', 'UTC')).toBe('14:30:52');
  expect(formatTime('2026-11-19T14:30:52.118Z', 'clockMs', 'en-GB', 'UTC')).toBe('14:30:52.118');
  expect(formatTime('2026-11-19T14:30:52Z', 'clock', 'en-GB', 'Asia/Shanghai')).toBe('22:30:52');
});

it('names days of a week and months', () => {
  expect(formatTime('2026-11-19T14:30:52Z', 'weekday', 'en-GB', 'UTC')).toBe('Thu 19 Nov');
  expect(formatTime('2026-11-30T16:00:00Z', 'month', 'en-GB', 'Asia/Shanghai')).toBe('December 2026');
});

it('survives an unknown zone and a broken time', () => {
  expect(formatTime('2026-11-19T14:30:52Z', 'date', 'en-GB', 'Mars/Olympus')).toMatch(/2026/);
  expect(formatTime('yesterday', 'clock', 'en-GB', 'UTC')).toBe('–');
});

it('shows a date only for other days, by the day of the zone', () => {
  expect(rowTime('2026-11-19T00:00:01Z', now, 'en-GB', 'UTC')).toBe('00:00:01');
  expect(rowTime('2026-11-18T23:59:59Z', now, 'en-GB', 'UTC')).toBe('18 Nov, 23:59');
  expect(isToday('2026-11-18T23:59:59Z', now, 'en-GB', 'Asia/Shanghai')).toBe(true);
});

it('leaves out the year of this year', () => {
  expect(shortDate('2026-11-28T12:00:00Z', now, 'en-GB', 'UTC')).toBe('28 Nov');
  expect(shortDate('2027-01-31T12:00:00Z', now, 'en-GB', 'UTC')).toBe('31 Jan 2027');
});

it('tells ages', () => {
  const ago = (seconds: number) => age(new Date(now - seconds * 1000).toISOString(), now, 'en-GB', 'UTC');
  expect(ago(0)).toBe('now');
  expect(ago(14)).toMatch(/14 ?s(ec)? ago/);
  expect(ago(600)).toMatch(/10 ?min ago/);
  expect(ago(3 * 3600)).toMatch(/3 ?hr? ago/);
  expect(ago(90_000)).toBe('18 Nov, 13:32');
  expect(ago(-5)).toBe('now'); // the server's clock is ahead
});
