/** The narrowing of the provider pool in one selection. Pure. */
import type { DecisionContext } from '@/api/types';

export interface FunnelCell {
  key: 'total' | 'enabled' | 'group' | 'model' | 'healthy' | 'tier';
  count: number;
  /** How many fell out since the cell before. */
  lost: number;
}

/** The cells the chain has figures for, in the order of the selection's steps. */
export function funnel(context: DecisionContext): FunnelCell[] {
  const steps: [FunnelCell['key'], number | undefined][] = [
    ['total', context.totalProviders],
    ['enabled', context.enabledProviders],
    ['group', context.afterGroupFilter],
    ['model', context.afterModelFilter ?? context.beforeHealthCheck],
    ['healthy', context.afterHealthCheck],
    ['tier', context.candidatesAtPriority?.length],
  ];
  // The group filter may be counted before the disabled ones are taken out: sort, so that it only narrows.
  const known = steps.filter((step): step is [FunnelCell['key'], number] => step[1] !== undefined);
  known.sort((a, b) => b[1] - a[1]);
  return known.map(([key, count], i) => ({ key, count, lost: i === 0 ? 0 : (known[i - 1]?.[1] ?? count) - count }));
}

export interface Removed {
  id: number | undefined;
  name: string;
  reason: string;
  details: string | undefined;
}

/** Who was left out and why; format mismatches last, they are the least surprising. */
export function removed(context: DecisionContext): Removed[] {
  const list = (context.filteredProviders ?? []).map((entry) => ({
    id: entry.id,
    name: entry.name ?? `#${entry.id ?? '?'}`,
    reason: entry.reason ?? '',
    details: entry.details,
  }));
  const rank = (reason: string) => (reason === 'format_type_mismatch' ? 1 : 0);
  return list.sort((a, b) => rank(a.reason) - rank(b.reason));
}
