import { useQuery } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { LimitWindow } from '@/api/types';
import { Panel, PanelTitle } from '@/components/shell/page';
import { QuotaBar } from '@/components/ui/bars';
import { ErrorNotice, Skeleton } from '@/components/ui/notice';
import { Badge } from '@/components/ui/state';
import { useFormat } from '@/i18n/use-format';
import { useNow } from '@/lib/clock';
import { countdown } from '@/lib/format';
import { gauges, resetIn, type Gauge } from './gauges';
import type { Scope } from './search';

/** How much of the limits is used, of the key and of its user, and which one binds next. */
export function Quotas() {
  const { t } = useTranslation();
  const quota = useQuery(queries.ownQuota());
  if (quota.isPending) {
    return (
      <Panel label={t('me.limits')} className="px-4">
        <Skeleton rows={4} />
      </Panel>
    );
  }
  if (quota.isError) return <ErrorNotice error={quota.error} title={t('me.limitsFailed')} onRetry={() => void quota.refetch()} />;
  const { key, user, binding } = quota.data;
  const bindingOf = (scope: Scope) => (binding?.scope === scope ? binding.limitType : undefined);
  return (
    <div className="grid grid-cols-1 gap-4 xl:grid-cols-2">
      <Gauges scope="key" windows={key.windows} binding={bindingOf('key')} />
      <Gauges scope="user" windows={user.windows} binding={bindingOf('user')} />
    </div>
  );
}

function Gauges({ scope, windows, binding }: { scope: Scope; windows: LimitWindow[]; binding: string | undefined }) {
  const { t } = useTranslation();
  const now = useNow(1000);
  return (
    <Panel label={t(`me.limitsOf.${scope}`)} className="overflow-hidden">
      <PanelTitle title={t(`me.limitsOf.${scope}`)} facts={t(`me.limitsHelp.${scope}`)} />
      <ul className="grid grid-cols-2 gap-x-4 gap-y-3 border-t border-line px-4 py-3 lg:grid-cols-3 lg:gap-x-6">
        {gauges(windows).map((gauge) => (
          <GaugeItem key={gauge.type} gauge={gauge} binds={gauge.type === binding} now={now} />
        ))}
      </ul>
    </Panel>
  );
}

function GaugeItem({ gauge, binds, now }: { gauge: Gauge; binds: boolean; now: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const label = t(`me.window.${gauge.type}`);
  return (
    <li className="min-w-0" data-gauge={gauge.type} data-binds={binds || undefined}>
      <p className="mb-1 flex min-h-4 flex-wrap items-center gap-x-2 text-12 text-fg-2">
        <span className="font-medium">{label}</span>
        {binds && (
          <Badge small tone="accent">
            <span className="inline-flex items-center gap-1">
              <ArrowLeft size={10} aria-hidden="true" />
              {t('me.bindsNext')}
            </span>
          </Badge>
        )}
      </p>
      <QuotaBar
        used={gauge.used}
        limit={gauge.limit}
        label={label}
        format={gauge.money ? format.usdUsed : format.count}
        formatLimit={gauge.money ? format.usdLimit : format.count}
      />
      <GaugeNote gauge={gauge} now={now} />
    </li>
  );
}

/** When it starts anew, and what running requests hold of it. */
function GaugeNote({ gauge, now }: { gauge: Gauge; now: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const reset = resetIn(gauge.resetAt, now);
  const parts = [
    reset && ('left' in reset ? t('me.resetsIn', { time: countdown(reset.left) }) : t('users.resets', { at: format.time(reset.at) })),
    gauge.money && gauge.reserved > 0 && t('me.held', { amount: format.usd(gauge.reserved) }),
  ].filter(Boolean);
  return <p className="mt-1 min-h-4 text-12 text-fg-muted">{parts.join(' · ')}</p>;
}
