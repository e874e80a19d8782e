import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { deleteProvider, resetBreaker, updateProvider } from '@/api/mutations';
import type { Provider, ProviderInput } from '@/api/types';
import { showToast } from '@/components/ui/toast';
import { useErrorText } from '@/i18n/error-text';

/** The writes a provider row offers, each with its message. */
export function useProviderActions() {
  const { t } = useTranslation();
  const text = useErrorText();
  const client = useQueryClient();
  const refresh = () =>
    Promise.all([client.invalidateQueries({ queryKey: ['providers'] }), client.invalidateQueries({ queryKey: ['providers-health'] })]);
  const failed = (title: string) => (error: unknown) => showToast({ tone: 'open', title, detail: text(error) });

  const patch = useMutation({
    mutationFn: ({ provider, body }: { provider: Provider; body: ProviderInput }) => updateProvider(provider.id, provider.version, body),
    onSuccess: refresh,
    onError: failed(t('providers.saveFailed')),
  });
  const reset = useMutation({
    mutationFn: (provider: Provider) => resetBreaker(provider.id),
    onSuccess: async (_, provider) => {
      await refresh();
      showToast({ tone: 'ok', title: t('providers.breakerReset'), detail: provider.name });
    },
    onError: failed(t('providers.resetFailed')),
  });
  const remove = useMutation({
    mutationFn: (provider: Provider) => deleteProvider(provider.id),
    onSuccess: async (_, provider) => {
      await refresh();
      showToast({ tone: 'ok', title: t('providers.deleted'), detail: provider.name });
    },
    onError: failed(t('providers.deleteFailed')),
  });
  return { patch, reset, remove };
}
