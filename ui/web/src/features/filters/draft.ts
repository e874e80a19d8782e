/** A request filter as a form. */
import type { FilterOperation, NewRequestFilter, RequestFilter, RequestFilterInput } from '@/api/types';
import { changedNames } from '@/lib/draft';
import { isObject, parseJson, prettyJson } from '@/lib/json';

export const kinds = ['setHeader', 'removeHeader', 'setValue', 'replaceText', 'operations'] as const;
export type Kind = (typeof kinds)[number];

export const matchTypes = ['contains', 'exact', 'regex'] as const;
export const bindings = ['global', 'providers', 'groups'] as const;
export const phases = ['guard', 'final'] as const;

/** What the API calls a kind. */
const parts: Record<Kind, Pick<RequestFilter, 'mode' | 'scope' | 'action'>> = {
  setHeader: { mode: 'simple', scope: 'header', action: 'set' },
  removeHeader: { mode: 'simple', scope: 'header', action: 'remove' },
  setValue: { mode: 'simple', scope: 'body', action: 'json_path' },
  replaceText: { mode: 'simple', scope: 'body', action: 'text_replace' },
  operations: { mode: 'advanced', scope: null, action: null },
};

export function kindOf(filter: Pick<RequestFilter, 'scope' | 'action'>): Kind {
  return kinds.find((kind) => parts[kind].scope === filter.scope && parts[kind].action === filter.action) ?? 'operations';
}

export interface FilterDraft {
  name: string;
  isEnabled: boolean;
  priority: string;
  phase: RequestFilter['phase'];
  binding: RequestFilter['binding'];
  providerIds: number[];
  groupIds: number[];
  kind: Kind;
  target: string;
  matchType: NonNullable<RequestFilter['matchType']>;
  /** Text, or JSON where the kind sets a value. */
  replacement: string;
  /** JSON. */
  operations: string;
}

const firstOperations: FilterOperation[] = [{ op: 'set', path: 'temperature', value: 1, writeMode: 'if_missing' }];

export function filterDraft(filter?: RequestFilter): FilterDraft {
  const kind = filter ? kindOf(filter) : 'setHeader';
  const replacement = filter?.replacement;
  const text = typeof replacement === 'string' ? replacement : '';
  return {
    name: filter?.name ?? '',
    isEnabled: filter?.isEnabled ?? true,
    priority: String(filter?.priority ?? 0),
    phase: filter?.phase ?? 'guard',
    binding: filter?.binding ?? 'global',
    providerIds: filter?.providerIds ?? [],
    groupIds: filter?.groupIds ?? [],
    kind,
    target: filter?.target ?? '',
    matchType: filter?.matchType ?? 'contains',
    replacement: kind === 'setValue' ? prettyJson(replacement) : text,
    operations: prettyJson(filter && filter.operations.length > 0 ? filter.operations : firstOperations),
  };
}

/** A filter to begin with: it hides keys that somebody pasted into a conversation. */
export function exampleDraft(name: string): FilterDraft {
  return { ...filterDraft(), name, kind: 'replaceText', matchType: 'regex', target: 'sk-[A-Za-z0-9_-]{20,}', replacement: '[key]' };
}

function readOperations(text: string): FilterOperation[] | undefined {
  const value = parseJson(text);
  return Array.isArray(value) && value.length > 0 && value.every(isObject) ? (value as unknown as FilterOperation[]) : undefined;
}

const effectNames = ['kind', 'target', 'matchType', 'replacement', 'operations'] as const satisfies readonly (keyof FilterDraft)[];
const bindingNames = ['binding', 'providerIds', 'groupIds'] as const satisfies readonly (keyof FilterDraft)[];

type Effect = Pick<RequestFilterInput, 'mode' | 'scope' | 'action' | 'matchType' | 'target' | 'replacement' | 'operations'>;

/** What the filter does, whole: parts of another kind are taken back with null. */
export function effectInput({ kind, target, matchType, replacement, operations }: FilterDraft): Effect {
  const none = { matchType: null, target: null, replacement: null, operations: null };
  switch (kind) {
    case 'operations':
      return { ...none, ...parts[kind], operations: readOperations(operations) };
    case 'replaceText':
      return { ...none, ...parts[kind], matchType, target, replacement };
    case 'setValue':
      return { ...none, ...parts[kind], target: target.trim(), replacement: parseJson(replacement) };
    case 'setHeader':
      return { ...none, ...parts[kind], target: target.trim(), replacement: replacement.trim() };
    case 'removeHeader':
      return { ...none, ...parts[kind], target: target.trim() };
  }
}

function bindingInput({ binding, providerIds, groupIds }: FilterDraft): Pick<RequestFilterInput, 'binding' | 'providerIds' | 'groupIds'> {
  return { binding, providerIds: binding === 'providers' ? providerIds : [], groupIds: binding === 'groups' ? groupIds : [] };
}

/** What to send: the changed fields, and with one of its parts the whole effect or binding. */
export function filterInput(draft: FilterDraft, initial: FilterDraft): RequestFilterInput {
  const changed = changedNames(draft, initial);
  const touches = (names: readonly (keyof FilterDraft)[]) => names.some((name) => changed.includes(name));
  const input: RequestFilterInput = {};
  if (changed.includes('name')) input.name = draft.name.trim();
  if (changed.includes('isEnabled')) input.isEnabled = draft.isEnabled;
  if (changed.includes('priority')) input.priority = Number(draft.priority);
  if (changed.includes('phase')) input.phase = draft.phase;
  return { ...input, ...(touches(bindingNames) && bindingInput(draft)), ...(touches(effectNames) && effectInput(draft)) };
}

export function newFilter(draft: FilterDraft): NewRequestFilter {
  const { name, isEnabled, priority, phase } = draft;
  return { name: name.trim(), isEnabled, priority: Number(priority), phase, ...bindingInput(draft), ...effectInput(draft) };
}

/** Translation keys of what is wrong, by field. */
export type FilterFaults = Partial<Record<keyof FilterDraft, string>>;

export const priorityBounds = { min: -1_000_000, max: 1_000_000 };

function priorityFault(text: string): string | undefined {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value)) return 'forms.integer';
  return value < priorityBounds.min || value > priorityBounds.max ? 'forms.range' : undefined;
}

/** What keeps the effect from being tried. */
export function effectFaults(draft: FilterDraft): FilterFaults {
  const faults: FilterFaults = {};
  if (draft.kind === 'operations') {
    if (!readOperations(draft.operations)) faults.operations = 'filters.operationsFault';
    return faults;
  }
  if (draft.target.trim() === '' && (draft.kind !== 'replaceText' || draft.target === '')) faults.target = 'forms.required';
  if (draft.kind === 'setValue' && parseJson(draft.replacement) === undefined) faults.replacement = 'filters.valueFault';
  return faults;
}

/** What keeps a draft from being saved. */
export function filterFaults(draft: FilterDraft): FilterFaults {
  const faults = effectFaults(draft);
  if (draft.name.trim() === '') faults.name = 'forms.required';
  const priority = priorityFault(draft.priority);
  if (priority) faults.priority = priority;
  if (draft.binding === 'providers' && draft.providerIds.length === 0) faults.providerIds = 'forms.required';
  if (draft.binding === 'groups' && draft.groupIds.length === 0) faults.groupIds = 'forms.required';
  return faults;
}
