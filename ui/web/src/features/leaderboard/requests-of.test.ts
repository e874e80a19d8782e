import { expect, it } from 'vitest';
import { requestsOf } from './requests-of';

const row = { id: 7, model: null };

it('leads to the requests of a row, in a range that covers the period', () => {
  expect(requestsOf({}, row)).toEqual({ range: undefined, user: 7 });
  expect(requestsOf({ period: 'weekly', scope: 'provider' }, row)).toEqual({ range: '7d', provider: 7 });
  expect(requestsOf({ period: 'monthly', scope: 'model' }, { id: null, model: 'gpt-5' })).toEqual({ range: '30d', model: 'gpt-5' });
});

it.each([
  [{ at: '2026-11-18T00:00:00Z' }, row],
  [{ period: 'custom' }, row],
  [{ scope: 'key' }, row],
  [{ scope: 'model' }, { id: null, model: '' }],
  [{}, { id: null, model: null }],
] as const)('%j leads nowhere', (search, given) => {
  expect(requestsOf(search, given)).toBeUndefined();
});
