import { expect, it } from 'vitest';
import { choicesWith, ownLogFilter } from './log-search';

const span = { from: '2026-11-13T00:00:00.000Z', bucket: 'day' } as const;

it('asks for the requests of the time, narrowed down as chosen', () => {
  expect(ownLogFilter({}, span, undefined)).toEqual({ from: span.from });
  expect(ownLogFilter({ model: 'gpt-5', status: '4xx' }, span, 7)).toEqual({ from: span.from, keyId: 7, model: 'gpt-5', statusCode: '4xx' });
});

it('offers what is chosen even where it does not occur', () => {
  expect(choicesWith(['a', 'b'], 'c')).toEqual(['a', 'b', 'c']);
  expect(choicesWith(['a', 'b'], 'b')).toEqual(['a', 'b']);
  expect(choicesWith(['a'], undefined)).toEqual(['a']);
});
