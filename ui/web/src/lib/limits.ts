/** Limits as text fields: empty is unlimited and goes to the API as null. */
import type { LimitFields } from '@/api/types';

export const limitNames = [
  'limit5hUsd', 'dailyLimitUsd', 'limitWeeklyUsd', 'limitMonthlyUsd', 'limitTotalUsd',
  'limitConcurrentSessions', 'limitConcurrentRequests', 'rpmLimit',
] as const;
export type LimitName = (typeof limitNames)[number];
export type LimitDraft = Record<LimitName, string>;

const counts = new Set<LimitName>(['limitConcurrentSessions', 'limitConcurrentRequests', 'rpmLimit']);

export const isMoney = (name: LimitName): boolean => !counts.has(name);

export function limitDraft(from: LimitFields | undefined): LimitDraft {
  return Object.fromEntries(limitNames.map((name) => [name, from?.[name] ? String(from[name]) : ''])) as LimitDraft;
}

/** The number in a field: null for empty, undefined for something that is not a positive number. */
export function parseNumber(text: string): number | null | undefined {
  const trimmed = text.trim().replace(',', '.');
  if (trimmed === '') return null;
  const value = Number(trimmed);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The translation key of what is wrong with a limit, or undefined. */
export function limitError(name: LimitName, text: string): string | undefined {
  const value = parseNumber(text);
  if (value === null) return undefined;
  if (value === undefined) return 'forms.number';
  if (value === 0) return 'forms.zeroLimit';
  if (counts.has(name) && !Number.isInteger(value)) return 'forms.integer';
  return undefined;
}

export function limitErrors(draft: LimitDraft): Partial<Record<LimitName, string>> {
  const errors: Partial<Record<LimitName, string>> = {};
  for (const name of limitNames) {
    const error = limitError(name, draft[name]);
    if (error) errors[name] = error;
  }
  return errors;
}

/** What to send for the given fields. */
export function limitInput(draft: LimitDraft, names: readonly LimitName[] = limitNames): Partial<Record<LimitName, number | null>> {
  return Object.fromEntries(names.map((name) => [name, parseNumber(draft[name]) ?? null]));
}
