import { describe, expect, it } from 'vitest';
import type { RequestFilter } from '@/api/types';
import { effectFaults, effectInput, exampleDraft, filterDraft, filterFaults, filterInput, kindOf, newFilter, type FilterDraft } from './draft';

const stored: RequestFilter = {
  id: 4, version: 2, name: 'mask', isEnabled: true, priority: 5, binding: 'providers', providerIds: [1, 2], groupIds: [], phase: 'guard', mode: 'simple', scope: 'body',
  action: 'text_replace', matchType: 'regex', target: 'sk-\\w+', replacement: '***', operations: [], createdAt: '2026-11-19T14:00:00Z', updatedAt: '2026-11-19T14:00:00Z',
};
const draft = (patch: Partial<FilterDraft>): FilterDraft => ({ ...filterDraft(), name: 'n', ...patch });

it.each([
  ['header', 'set', 'setHeader'],
  ['header', 'remove', 'removeHeader'],
  ['body', 'json_path', 'setValue'],
  ['body', 'text_replace', 'replaceText'],
  [null, null, 'operations'],
] as const)('%s %s is called %s', (scope, action, kind) => {
  expect(kindOf({ scope, action })).toBe(kind);
});

describe('what is sent', () => {
  it('is nothing where nothing changed', () => {
    expect(filterInput(filterDraft(stored), filterDraft(stored))).toEqual({});
  });

  it('is the changed fields', () => {
    const initial = filterDraft(stored);
    expect(filterInput({ ...initial, name: ' hide ', isEnabled: false, priority: '-1', phase: 'final' }, initial)).toEqual({ name: 'hide', isEnabled: false, priority: -1, phase: 'final' });
  });

  it('takes back what belongs to another binding', () => {
    const initial = filterDraft(stored);
    expect(filterInput({ ...initial, binding: 'groups', groupIds: [7] }, initial)).toEqual({ binding: 'groups', providerIds: [], groupIds: [7] });
  });

  it('takes back what belongs to another kind', () => {
    const initial = filterDraft(stored);
    const operations = [{ op: 'remove', path: 'metadata' }];
    expect(filterInput({ ...initial, kind: 'operations', operations: JSON.stringify(operations) }, initial)).toEqual({
      mode: 'advanced', scope: null, action: null, matchType: null, target: null, replacement: null, operations,
    });
  });

  it('is everything of a new filter', () => {
    expect(newFilter(draft({ name: ' tag ', target: ' X-Team ', replacement: ' core ' }))).toEqual({
      name: 'tag', isEnabled: true, priority: 0, phase: 'guard', binding: 'global', providerIds: [], groupIds: [],
      mode: 'simple', scope: 'header', action: 'set', matchType: null, target: 'X-Team', replacement: 'core', operations: null,
    });
  });
});

describe('an effect', () => {
  it('writes JSON values, null among them', () => {
    expect(effectInput(draft({ kind: 'setValue', target: 'a.b', replacement: 'null' }))).toMatchObject({ target: 'a.b', replacement: null });
    expect(effectInput(draft({ kind: 'setValue', target: 'a.b', replacement: '{"c":[1]}' }))).toMatchObject({ replacement: { c: [1] } });
  });

  it('keeps the blanks of a text that is looked for', () => {
    expect(effectInput(draft({ kind: 'replaceText', target: ' a ', replacement: ' ' }))).toMatchObject({ target: ' a ', replacement: ' ' });
    expect(effectFaults(draft({ kind: 'replaceText', target: ' ' }))).toEqual({});
  });

  it('comes back as it was stored', () => {
    const value = { ...stored, action: 'json_path', matchType: null, target: 'stop', replacement: ['a', null] } as const;
    expect(effectInput(filterDraft(value))).toMatchObject({ action: 'json_path', target: 'stop', replacement: ['a', null] });
    expect(effectInput(filterDraft(stored))).toMatchObject({ matchType: 'regex', target: 'sk-\\w+', replacement: '***' });
  });

  it.each([
    [{ kind: 'setHeader' }, ['target']],
    [{ kind: 'setValue', replacement: 'hello' }, ['replacement', 'target']],
    [{ kind: 'operations', operations: '{}' }, ['operations']],
    [{ kind: 'operations', operations: '[]' }, ['operations']],
    [{ kind: 'operations', operations: '[1]' }, ['operations']],
    [{ kind: 'operations', operations: '[{' }, ['operations']],
    [{ kind: 'operations' }, []],
    [{ kind: 'removeHeader', target: 'x-app' }, []],
  ] as const)('%j lacks %j', (patch, wanted) => {
    expect(Object.keys(effectFaults(draft(patch))).sort()).toEqual(wanted);
  });
});

it('names every fault of a draft', () => {
  const faults = filterFaults(draft({ name: ' ', priority: '1.5', binding: 'providers', target: 'x' }));
  expect(faults).toEqual({ name: 'forms.required', priority: 'forms.integer', providerIds: 'forms.required' });
  expect(filterFaults(draft({ priority: '1000001', binding: 'groups', target: 'x' }))).toEqual({ priority: 'forms.range', groupIds: 'forms.required' });
});

it('has an example that can be saved', () => {
  expect(filterFaults(exampleDraft('Hide keys'))).toEqual({});
});
