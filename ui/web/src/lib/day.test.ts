import { expect, it } from 'vitest';
import { addDays, dayOf, isDay, startOfDay } from './day';

it.each([
  ['2026-11-19', true],
  ['2026-02-29', false],
  ['2028-02-29', true],
  ['2026-13-01', false],
  ['19 Nov', false],
  [undefined, false],
])('%s is a day: %s', (text, wanted) => {
  expect(isDay(text)).toBe(wanted);
});

it('counts days over months and years', () => {
  expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
  expect(addDays('2026-03-01', -1)).toBe('2026-02-28');
});

it('knows the day of a zone', () => {
  const at = Date.parse('2026-11-18T23:59:59Z');
  expect(dayOf(at, 'UTC')).toBe('2026-11-18');
  expect(dayOf(at, 'Asia/Shanghai')).toBe('2026-11-19');
});

it.each([
  ['UTC', '2026-11-19', '2026-11-19T00:00:00.000Z'],
  ['Asia/Kolkata', '2026-11-19', '2026-11-18T18:30:00.000Z'],
  ['America/Los_Angeles', '2026-11-19', '2026-11-19T08:00:00.000Z'],
  ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00.000Z'], // clocks go forward in that night
  ['Europe/Berlin', '2026-03-30', '2026-03-29T22:00:00.000Z'],
])('in %s %s begins at %s', (zone, day, wanted) => {
  expect(new Date(startOfDay(day, zone)).toISOString()).toBe(wanted);
});
