import { expect, it } from 'vitest';
import { lineDiff } from './diff';

const marks = { same: ' ', removed: '-', added: '+' };
const shown = (before: string, after: string) => lineDiff(before, after).map(({ kind, text }) => marks[kind] + text).join('|');

it.each([
  ['a\nb\nc', 'a\nb\nc', ' a| b| c'],
  ['a\nb\nc', 'a\nx\nc', ' a|-b|+x| c'],
  ['a\nb\nc', 'a\nc', ' a|-b| c'],
  ['a\nc', 'a\nb\nc', ' a|+b| c'],
  ['a\nk\nb\nz', 'x\nk\ny\nz', '-a|+x| k|-b|+y| z'],
  ['a\na', 'a\na\na', ' a| a|+a'],
  ['', 'a', '-|+a'],
])('%j to %j', (before, after, wanted) => {
  expect(shown(before, after)).toBe(wanted);
});

it('does not compare every line of huge texts with every other', () => {
  const text = (mark: string) => Array.from({ length: 5_000 }, (_, i) => `${mark}${i}`).join('\n');
  expect(lineDiff(text('a'), text('b'))).toHaveLength(10_000);
});
