import { describe, expect, it } from 'vitest';
import { activeFilters, logFilter, readLogSearch } from './search';

const now = Date.parse('2026-11-19T14:32:08Z');

describe('readLogSearch', () => {
  it('keeps what it knows and drops defaults', () => {
    expect(readLogSearch({ range: '24h', status: '5xx', user: '3', errors: '1', log: '77' })).toEqual({ status: '5xx', user: 3, errors: true, log: '77' });
  });
  it('drops what is malformed', () => {
    expect(readLogSearch({ range: '3y', user: 'x', provider: '1.5', errors: '0', q: '  ' })).toEqual({});
  });
});

describe('logFilter', () => {
  it('asks for the last 24 h unless told otherwise, by whole minutes', () => {
    expect(logFilter({}, now)).toEqual({ from: '2026-11-18T14:32:00.000Z' });
    expect(logFilter({ range: '1h' }, now).from).toBe('2026-11-19T13:32:00.000Z');
  });
  it('tells ids from text', () => {
    expect(logFilter({ q: 'req_01KAE6Q9M4E2QX' }, now)).toMatchObject({ requestId: 'req_01KAE6Q9M4E2QX' });
    expect(logFilter({ q: '8f3c1d03-6a1b' }, now)).toMatchObject({ sessionId: '8f3c1d03-6a1b' });
    expect(logFilter({ q: 'ses_k2v9' }, now)).toMatchObject({ sessionId: 'ses_k2v9' });
    expect(logFilter({ q: 'overloaded' }, now)).toMatchObject({ q: 'overloaded' });
  });
  it('names filters as the API does', () => {
    expect(logFilter({ status: 'non-200', user: 2, provider: 4, model: 'm', retries: true, errors: true }, now)).toMatchObject({
      statusCode: 'non-200', userId: 2, providerId: 4, model: 'm', minAttempts: 2, errorsOnly: true,
    });
  });
  it('ignores what is not a filter', () => {
    expect(logFilter({ log: '5', tab: 'raw' }, now)).toEqual(logFilter({}, now));
  });
});

it('counts filters, not the range or the open row', () => {
  expect(activeFilters({ range: '1h', log: '5' })).toBe(0);
  expect(activeFilters({ q: 'x', errors: true, user: 1 })).toBe(3);
});
