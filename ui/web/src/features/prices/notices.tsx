import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { decideHeld } from '@/api/mutations';
import { queries } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { StateShape } from '@/components/ui/state';
import { showToast } from '@/components/ui/toast';
import { useErrorText } from '@/i18n/error-text';

/** How many models a notice names; the rest is counted. */
const NAMED = 3;

function Notice({ title, help, children }: { title: string; help: string; children: ReactNode }) {
  return (
    <div role="status" className="mx-4 mb-3 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-md bg-warn-tint px-3 py-2 text-12 text-warn-on-tint lg:mx-6">
      <span className="flex min-w-0 flex-1 basis-80 items-start gap-2">
        <StateShape tone="limited" className="mt-1" />
        <span>
          <strong className="font-semibold">{title}</strong> {help}
        </span>
      </span>
      <span className="flex flex-wrap items-center gap-2">{children}</span>
    </div>
  );
}

/** What waits for somebody: models that are served for nothing, and changes of the cloud list. */
export function PriceNotices({ onAdd }: { onAdd: (model: string) => void }) {
  const { t } = useTranslation();
  const unpriced = useQuery(queries.unpricedModels()).data ?? [];
  return (
    <>
      {unpriced.length > 0 && (
        <Notice title={t('prices.unpricedTitle', { count: unpriced.length })} help={t('prices.unpricedHelp')}>
          {unpriced.slice(0, NAMED).map((model) => (
            <span key={model.sent} className="flex items-center gap-1.5">
              <code className="max-w-48 truncate">{model.name}</code>
              <span>{t('prices.requests', { count: model.requests })}</span>
              <Button size="sm" aria-label={t('prices.addFor', { name: model.name })} onClick={() => onAdd(model.name)}>
                {t('prices.add')}
              </Button>
            </span>
          ))}
        </Notice>
      )}
      <Held />
    </>
  );
}

function Held() {
  const { t } = useTranslation();
  const text = useErrorText();
  const client = useQueryClient();
  const held = useQuery(queries.heldPrices()).data ?? [];
  const decide = useMutation({
    mutationFn: (approve: boolean) => decideHeld(held.map(({ name }) => name), approve),
    onError: (error) => showToast({ tone: 'open', title: t('prices.decideFailed'), detail: text(error) }),
    onSettled: () => client.invalidateQueries({ queryKey: ['prices'] }),
  });
  if (held.length === 0) return null;
  return (
    <Notice title={t('prices.heldTitle', { count: held.length })} help={held.slice(0, NAMED).map(({ name, reason }) => `${name}: ${reason}.`).join(' ')}>
      <Button size="sm" disabled={decide.isPending} onClick={() => decide.mutate(true)}>
        {t('prices.approve')}
      </Button>
      <Button size="sm" disabled={decide.isPending} onClick={() => decide.mutate(false)}>
        {t('prices.reject')}
      </Button>
    </Notice>
  );
}
