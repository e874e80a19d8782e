import { expect, it } from 'vitest';
import { axisTicks, axisTop, labelStep } from './columns';

it.each([
  [0, 1],
  [0.0031, 0.005],
  [1, 1],
  [7.2, 10],
  [21, 25],
  [80, 100],
  [1200, 2000],
])('an axis for %s ends at %s', (greatest, top) => {
  expect(axisTop(greatest)).toBeCloseTo(top, 10);
});

it.each([
  [100, [100, 75, 50, 25, 0]],
  [5, [5, 4, 3, 2, 1, 0]],
  [2.5, [2.5, 2, 1.5, 1, 0.5, 0]],
  [0.2, [0.2, 0.15, 0.1, 0.05, 0]],
])('an axis up to %s has round lines', (top, lines) => {
  const ticks = axisTicks(top);
  expect(ticks).toHaveLength(lines.length);
  ticks.forEach((tick, i) => expect(tick).toBeCloseTo(lines[i]!, 10));
});

it.each([
  [1, [1, 0]],
  [2, [2, 1, 0]],
  [5, [5, 4, 3, 2, 1, 0]],
  [10, [10, 8, 6, 4, 2, 0]],
])('counts up to %i have no halves', (top, lines) => {
  expect(axisTicks(top, true)).toEqual(lines);
});

it('labels as many columns as there is room for', () => {
  expect(labelStep(7, 7)).toBe(1);
  expect(labelStep(24, 8)).toBe(3);
  expect(labelStep(30, 7)).toBe(5);
});
