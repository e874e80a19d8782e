import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { SquareTerminal } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { OwnAccount } from '@/api/types';
import { PanelPage } from '@/components/shell/page';
import { buttonClass } from '@/components/ui/button';
import { Empty, ErrorNotice, Skeleton } from '@/components/ui/notice';
import { Segmented } from '@/components/ui/toggle';
import { useNow } from '@/lib/clock';
import { Identity } from './identity';
import { LogPanel } from './log-panel';
import { ownLogFilter } from './log-search';
import { Quotas } from './quotas';
import { DEFAULT_RANGE, ranges, scopes, spanOf, type MeSearch, type Range, type Scope } from './search';
import { Today } from './today';
import { UsagePanel } from './usage-panel';

/** What one's own key and user may use and have used, and every request of theirs. */
export function MePage() {
  const { t } = useTranslation();
  const account = useQuery(queries.ownAccount());
  return (
    <PanelPage className="flex flex-col gap-4">
      <header className="flex flex-wrap items-center gap-3">
        <h1 className="text-20 font-semibold tracking-[-0.011em]">{t('nav.usage')}</h1>
        <Link to="/docs/setup" className={`${buttonClass('secondary')} ml-auto`}>
          <SquareTerminal size={15} aria-hidden="true" />
          {t('nav.clients')}
        </Link>
      </header>
      {account.isPending && <Skeleton />}
      {account.isError && <ErrorNotice error={account.error} title={t('me.loadFailed')} onRetry={() => void account.refetch()} />}
      {account.data && <Account account={account.data} />}
    </PanelPage>
  );
}

function Account({ account }: { account: OwnAccount }) {
  const { t } = useTranslation();
  if (account.key === null) {
    return (
      <Empty
        title={t('me.noKey')}
        actions={
          <Link to="/users" className={buttonClass('primary')}>
            {t('nav.users')}
          </Link>
        }
      >
        {t('me.noKeyHelp')}
      </Empty>
    );
  }
  return (
    <>
      <Identity account={account} />
      <Quotas />
      <Today />
      <History keyId={account.key.id} sharesUser={account.key.canLoginWebUi} zone={account.timezone} />
    </>
  );
}

interface HistoryProps {
  keyId: number;
  /** The key may see what other keys of its user did. */
  sharesUser: boolean;
  zone: string;
}

/** What was used in a time that is chosen, as a whole and request by request. */
function History({ keyId, sharesUser, zone }: HistoryProps) {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/me' });
  const navigate = useNavigate({ from: '/me' });
  const now = useNow(60_000);
  const change = useCallback((patch: Partial<MeSearch>) => void navigate({ search: (before: MeSearch) => ({ ...before, ...patch }), resetScroll: false }), [navigate]);
  const range: Range = search.range ?? DEFAULT_RANGE;
  const scope: Scope = sharesUser ? (search.scope ?? 'user') : 'key';
  const { from, bucket } = spanOf(range, now, zone);
  const { model, status } = search;
  // Renewed with the hour or the day, not with the clock: rows that were scrolled to stay.
  const filter = useMemo(() => ownLogFilter({ model, status }, { from, bucket }, scope === 'key' ? keyId : undefined), [model, status, from, bucket, scope, keyId]);
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 pt-2">
        <h2 className="mr-auto text-16 font-semibold">{t('me.history')}</h2>
        {sharesUser && (
          <Segmented label={t('me.whose')} value={scope} onChange={(next) => change({ scope: next === 'user' ? undefined : next })} options={scopes.map((value) => ({ value, label: t(`me.scope.${value}`) }))} />
        )}
        <Segmented label={t('me.range')} value={range} onChange={(next) => change({ range: next === DEFAULT_RANGE ? undefined : next })} options={ranges.map((value) => ({ value, label: t(`me.ranges.${value}`) }))} />
      </div>
      <UsagePanel span={{ from, bucket }} scope={scope} metric={search.metric ?? 'cost'} onMetric={(metric) => change({ metric: metric === 'cost' ? undefined : metric })} />
      <LogPanel search={search} filter={filter} manyKeys={scope === 'user'} onChange={change} />
    </>
  );
}
