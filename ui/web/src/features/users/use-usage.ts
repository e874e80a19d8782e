import { useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { queries } from '@/api/queries';
import type { LimitUsage } from '@/api/types';

/** The ids whose usage a page asks for together: one call instead of one per row. */
export interface UsageIds {
  users: number[];
  keys: number[];
}

export const UsageIdsContext = createContext<UsageIds>({ users: [], keys: [] });

function useUsage(scope: 'user' | 'key', ids: number[], id: number): LimitUsage | undefined {
  const { data } = useQuery(queries.limitUsage(scope, ids));
  return data?.find((usage) => usage.id === id);
}

export function useUserUsage(id: number): LimitUsage | undefined {
  return useUsage('user', useContext(UsageIdsContext).users, id);
}

export function useKeyUsage(id: number): LimitUsage | undefined {
  return useUsage('key', useContext(UsageIdsContext).keys, id);
}
