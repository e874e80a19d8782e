import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { RequestFilter } from '@/api/types';

/** Whose requests a filter changes, in names. */
export function useBindingText(): (filter: RequestFilter) => string {
  const { t } = useTranslation();
  const providers = useQuery(queries.providers()).data;
  const groups = useQuery(queries.groups()).data;
  const names = (ids: readonly number[], items: readonly { id: number; name: string }[] | undefined) => ids.map((id) => items?.find((item) => item.id === id)?.name ?? `#${id}`).join(', ');
  return ({ binding, providerIds, groupIds }) => {
    if (binding === 'global') return t('filters.binding.global');
    return binding === 'providers' ? names(providerIds, providers) : t('filters.groupNames', { names: names(groupIds, groups) });
  };
}
