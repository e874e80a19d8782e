import { useQuery } from '@tanstack/react-query';
import { queries } from '@/api/queries';
import { useIsAdmin } from './session';

/**
 * Names of users and providers by id, for rows that carry ids only. Users who
 * may not list them get undefined and see the id.
 */
export function useNames() {
  const admin = useIsAdmin();
  const users = useQuery({ ...queries.users(), enabled: admin }).data;
  const providers = useQuery({ ...queries.providers(), enabled: admin }).data;
  const userName = (id: number | null | undefined, given?: string | null): string =>
    given ?? users?.find((user) => user.id === id)?.name ?? (id == null ? '–' : `#${id}`);
  const providerName = (id: number | null | undefined, given?: string | null): string =>
    given ?? providers?.find((provider) => provider.id === id)?.name ?? (id == null ? '–' : `#${id}`);
  const providerType = (id: number | null | undefined, given?: string | null): string | undefined =>
    given ?? providers?.find((provider) => provider.id === id)?.type;
  return { userName, providerName, providerType };
}
