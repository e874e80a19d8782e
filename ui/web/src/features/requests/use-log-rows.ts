import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import type { Query } from '@/api/client';
import { queries } from '@/api/queries';
import type { UsageLog } from '@/api/types';

/**
 * Puts freshly polled rows before the loaded ones. Rows that were running are
 * replaced by their newest state. Both lists are newest first.
 */
export function mergeRows(head: readonly UsageLog[], loaded: readonly UsageLog[]): UsageLog[] {
  const fresh = new Map(head.map((row) => [row.id, row]));
  const known = new Set(loaded.map((row) => row.id));
  return [...head.filter((row) => !known.has(row.id)), ...loaded.map((row) => fresh.get(row.id) ?? row)];
}

/** Whether polling lost rows: the newest page no longer reaches down to what is loaded. */
export function hasGap(head: readonly UsageLog[], loaded: readonly UsageLog[], pageSize: number): boolean {
  if (head.length < pageSize || loaded.length === 0) return false;
  const known = new Set(loaded.map((row) => row.id));
  return !head.some((row) => known.has(row.id));
}

const HEAD_SIZE = 50;

/** The rows of a filter: pages loaded on scrolling, the newest ones polled while live. */
export function useLogRows(filter: Query, live: boolean) {
  const pages = useInfiniteQuery(queries.logs(filter, false));
  const head = useQuery({ ...queries.recentLogs({ ...filter, limit: HEAD_SIZE }), enabled: live && pages.isSuccess });
  const loaded = useMemo(() => pages.data?.pages.flatMap((page) => page.items) ?? [], [pages.data]);
  const newest = live ? head.data : undefined;
  const gap = newest !== undefined && hasGap(newest, loaded, HEAD_SIZE);
  const { refetch } = pages;
  useEffect(() => {
    if (gap) void refetch();
  }, [gap, refetch]);
  const rows = useMemo(() => (newest ? mergeRows(newest, loaded) : loaded), [newest, loaded]);
  return { ...pages, rows };
}
