import { expect, it } from 'vitest';
import { readMeSearch, spanOf } from './search';

it('leaves out what is unknown, malformed or the default', () => {
  expect(readMeSearch({ range: '7d', scope: 'user', metric: 'cost', model: ' ', status: 'soon', provider: '3' })).toEqual({});
  expect(readMeSearch({ range: '15m', scope: 'all', metric: 'errors', status: '9xx' })).toEqual({});
});

it('keeps what it knows', () => {
  const search = { range: '30d', scope: 'key', metric: 'tokens', model: 'claude-haiku-4-5', status: 'non-200' };
  expect(readMeSearch(search)).toEqual(search);
});

it.each(['200', '429', '4xx', 'non-200'])('filters by the status %s', (status) => {
  expect(readMeSearch({ status })).toEqual({ status });
});

it('asks for hours of a day and for days of the zone', () => {
  const now = Date.parse('2026-11-19T14:32:08Z');
  expect(spanOf('24h', now, 'UTC')).toEqual({ from: '2026-11-18T15:00:00.000Z', bucket: 'hour' });
  expect(spanOf('7d', now, 'UTC')).toEqual({ from: '2026-11-13T00:00:00.000Z', bucket: 'day' });
  expect(spanOf('30d', now, 'Asia/Shanghai')).toEqual({ from: '2026-10-20T16:00:00.000Z', bucket: 'day' });
});
