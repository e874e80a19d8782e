import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { deleteRequestFilter, updateRequestFilter } from '@/api/mutations';
import type { RequestFilter } from '@/api/types';
import { showToast } from '@/components/ui/toast';
import { useErrorText } from '@/i18n/error-text';

/** The writes a row of the list offers, each with its message. */
export function useFilterActions() {
  const { t } = useTranslation();
  const text = useErrorText();
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: ['request-filters'] });
  const failed = (title: string) => (error: unknown) => {
    void refresh(); // somebody else may have changed it
    showToast({ tone: 'open', title, detail: text(error) });
  };
  const enable = useMutation({
    mutationFn: ({ filter, isEnabled }: { filter: RequestFilter; isEnabled: boolean }) => updateRequestFilter(filter.id, filter.version, { isEnabled }),
    onSuccess: refresh,
    onError: failed(t('filters.saveFailed')),
  });
  const remove = useMutation({
    mutationFn: (filter: RequestFilter) => deleteRequestFilter(filter.id),
    onSuccess: async (_, filter) => {
      await refresh();
      showToast({ tone: 'ok', title: t('filters.deleted'), detail: filter.name });
    },
    onError: failed(t('filters.deleteFailed')),
  });
  return { enable, remove };
}
