import { useQuery } from '@tanstack/react-query';
import { queries } from '@/api/queries';
import type { Me } from '@/api/types';

/** Who is signed in. The routes below the shell load it first, so it is there. */
export function useMe(): Me | undefined {
  return useQuery(queries.me()).data;
}

export function useIsAdmin(): boolean {
  return useMe()?.role === 'admin';
}
