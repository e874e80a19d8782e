import { expect, it } from 'vitest';
import type { RequestFilter } from '@/api/types';
import { listFilters } from './listing';

const filter = (id: number, patch: Partial<RequestFilter>): RequestFilter => ({
  id, version: 1, name: `f${id}`, isEnabled: true, priority: 0, binding: 'global', providerIds: [], groupIds: [], phase: 'guard', mode: 'simple', scope: 'header', action: 'set',
  matchType: null, target: 'X-Team', replacement: 'core', operations: [], createdAt: '', updatedAt: '', ...patch,
});
const filters = [
  filter(1, { priority: 5 }),
  filter(2, { isEnabled: false }),
  filter(3, { priority: -1, name: 'Temperature', mode: 'advanced', scope: null, action: null, target: null, operations: [{ op: 'set', path: 'generation.temp', value: 1 }] }),
  filter(4, {}),
];

it.each([
  [{}, [3, 2, 4, 1]],
  [{ q: 'TEAM ' }, [2, 4, 1]],
  [{ q: 'generation' }, [3]],
  [{ type: 'operations' }, [3]],
  [{ state: 'disabled' }, [2]],
  [{ state: 'enabled', type: 'setHeader' }, [4, 1]],
])('%j shows %j, in the order in which they have their turn', (search, wanted) => {
  expect(listFilters(filters, search).map(({ id }) => id)).toEqual(wanted);
});
