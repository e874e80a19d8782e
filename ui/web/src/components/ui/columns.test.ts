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

it('divides the axis, counts into whole ones', () => {
  expect(axisTicks(100)).toEqual([100, 75, 50, 25, 0]);
  expect(axisTicks(1, true)).toEqual([1, 0]);
  expect(axisTicks(2, true)).toEqual([2, 1, 0]);
});

it('labels as many columns as there is room for', () => {
  expect(labelStep(7, 7)).toBe(1);
  expect(labelStep(24, 8)).toBe(3);
  expect(labelStep(30, 7)).toBe(5);
});
