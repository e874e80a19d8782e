import { expect, it } from 'vitest';
import { readListSearch } from './list-search';
import { parseSearch, safeNext, stringifySearch, textParam, withoutUndefined } from './search';

it('writes plain text and leaves out what is not set', () => {
  expect(stringifySearch({ status: '200', q: '', user: 3, errors: true, retries: false, log: undefined })).toBe('?status=200&user=3&errors=1');
  expect(stringifySearch({})).toBe('');
});

it('reads back what it wrote', () => {
  const search = { q: 'a b&c=d', status: '5xx' };
  expect(parseSearch(stringifySearch(search))).toEqual(search);
});

it('follows only paths of this site', () => {
  expect(safeNext('/logs?status=5xx')).toBe('/logs?status=5xx');
  for (const evil of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '', undefined]) {
    expect(safeNext(evil)).toBeUndefined();
  }
});

it('reads the state of a list', () => {
  expect(readListSearch({ q: 'x', state: '', edit: 'new', other: '1' })).toEqual({ q: 'x', edit: 'new' });
});

it('takes texts as parameters, but no blank ones', () => {
  expect(['opus', ' ', '', 7, undefined].map(textParam)).toEqual(['opus', undefined, undefined, undefined, undefined]);
});

it('leaves out what is not said, also as a name', () => {
  expect(Object.keys(withoutUndefined({ q: 'x', page: undefined }))).toEqual(['q']);
});
