import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { OwnToday } from '@/api/types';
import { Panel } from '@/components/shell/page';
import { ErrorNotice, Skeleton } from '@/components/ui/notice';
import { useFormat } from '@/i18n/use-format';

/** Today's figures of the key, each beside that of all keys of the user. */
export function Today() {
  const { t } = useTranslation();
  const today = useQuery(queries.ownToday());
  if (today.isPending) {
    return (
      <Panel label={t('me.today')} className="px-4">
        <Skeleton rows={3} />
      </Panel>
    );
  }
  if (today.isError) return <ErrorNotice error={today.error} title={t('me.todayFailed')} onRetry={() => void today.refetch()} />;
  return <Tiles today={today.data} />;
}

function Tiles({ today: { key, user } }: { today: OwnToday }) {
  const { t } = useTranslation();
  const format = useFormat();
  const rate = (value: number | null) => (value === null ? '–' : format.percent(value, 1));
  const ofAll = (value: string) => t('me.ofAllKeys', { value });
  return (
    <Panel label={t('me.today')} className="grid grid-cols-2 gap-px overflow-hidden bg-line! lg:grid-cols-4">
      <Tile name="requests" label={t('me.requestsToday')} value={format.count(key.requests)} fact={ofAll(format.count(user.requests))} />
      <Tile name="cost" label={t('me.spendToday')} value={format.usd(key.costUsd)} fact={ofAll(format.usd(user.costUsd))} />
      <Tile name="tokens" label={t('me.tokensToday')} value={format.tokens(key.totalTokens)} fact={key.cacheReadShare === null ? ofAll(format.tokens(user.totalTokens)) : t('me.cached', { share: rate(key.cacheReadShare) })} />
      <Tile name="success" label={t('me.successToday')} value={rate(key.successRate)} fact={t('me.failed', { count: key.failures })} />
    </Panel>
  );
}

function Tile({ name, label, value, fact }: { name: string; label: string; value: string; fact: string }) {
  return (
    <div className="min-w-0 bg-panel px-4 py-3" data-tile={name}>
      <p className="text-12 text-fg-muted">{label}</p>
      <p className="text-24 font-semibold tracking-[-0.025em]">{value}</p>
      <p className="text-12 text-fg-muted">{fact}</p>
    </div>
  );
}
