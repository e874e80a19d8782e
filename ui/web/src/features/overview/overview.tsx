import { useQuery } from '@tanstack/react-query';
import { Link, Navigate } from '@tanstack/react-router';
import { ArrowRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { Provider, ProviderHealth, Session, UsageLog } from '@/api/types';
import { Panel, PanelPage, PanelTitle } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Mark } from '@/components/ui/marks';
import { ErrorNotice, Skeleton } from '@/components/ui/notice';
import { State, StateShape } from '@/components/ui/state';
import { Table, Td, Th } from '@/components/ui/table';
import { showFirstRun } from '@/features/onboarding/progress';
import { useProviderActions } from '@/features/providers/actions';
import { BreakerState } from '@/features/providers/breaker-cell';
import { countHealth, readHealth } from '@/features/providers/health';
import { rowRibbon } from '@/features/requests/chain';
import { LogProvider, LogStatus, LogTime, LogUser } from '@/features/requests/columns';
import { RouteRibbon } from '@/features/requests/ribbon';
import { logFilter } from '@/features/requests/search';
import { Rich } from '@/i18n/rich';
import { useFormat } from '@/i18n/use-format';
import { useNow } from '@/lib/clock';
import { countdown } from '@/lib/format';
import { useNames } from '@/lib/names';
import { useIsAdmin } from '@/lib/session';

/** What is going on now; before the first provider exists, the way there. */
export function OverviewPage() {
  const { t } = useTranslation();
  const admin = useIsAdmin();
  const providers = useQuery({ ...queries.providers(), enabled: admin });
  const setup = useQuery({ ...queries.setup(), enabled: admin });
  const users = useQuery({ ...queries.users(), enabled: admin });
  const facts = {
    providers: providers.data?.length ?? 0,
    keys: users.data?.reduce((sum, user) => sum + (user.keys?.length ?? 0), 0) ?? 0,
    requests: setup.data?.requests,
    dismissed: setup.data?.dismissed ?? false,
  };
  if (admin && (providers.isPending || setup.isPending || users.isPending)) {
    return (
      <PanelPage>
        <Skeleton />
      </PanelPage>
    );
  }
  if (providers.isError) {
    return (
      <PanelPage>
        <ErrorNotice error={providers.error} title={t('providers.loadFailed')} onRetry={() => void providers.refetch()} />
      </PanelPage>
    );
  }
  // A page of its own: the first answer must not make the steps vanish under one's eyes.
  if (admin && showFirstRun(facts)) return <Navigate to="/setup" replace />;
  return <Overview providers={providers.data ?? []} admin={admin} />;
}

function Overview({ providers, admin }: { providers: Provider[]; admin: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow(1000);
  const health = useQuery({ ...queries.providersHealth(), enabled: admin });
  const sessions = useQuery(queries.sessions('active'));
  return (
    <PanelPage className="flex flex-col gap-4">
      <header className="flex flex-wrap items-baseline gap-3">
        <h1 className="text-20 font-semibold tracking-[-0.011em]">{t('nav.overview')}</h1>
        <span className="text-12 text-fg-muted">{format.time(new Date(now).toISOString(), 'dateTime')}</span>
      </header>
      {admin && <Incidents providers={providers} health={health.data ?? []} now={now} />}
      <Tiles providers={providers} health={health.data} sessions={sessions.data} admin={admin} />
      {admin && <ProviderStrip providers={providers} health={health.data} now={now} />}
      <div className="grid grid-cols-1 gap-4 xl:grid-cols-[1fr_400px]">
        <Failures now={now} />
        <LiveSessions sessions={sessions.data} />
      </div>
    </PanelPage>
  );
}

/** One strip for each provider whose breaker is open, with the one action that helps. */
function Incidents({ providers, health, now }: { providers: Provider[]; health: ProviderHealth[]; now: number }) {
  const { t } = useTranslation();
  const { reset } = useProviderActions();
  const open = providers.filter((provider) => provider.isEnabled && health.some((item) => item.providerId === provider.id && item.state === 'open'));
  return open.map((provider) => {
    const reading = readHealth(provider, health.find((item) => item.providerId === provider.id), now);
    return (
      <div key={provider.id} role="status" className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-md bg-err-tint px-4 py-2 text-13 text-err-on-tint">
        <StateShape tone="open" />
        <span className="min-w-0 flex-1">
          <Rich k="overview.open" values={{ name: provider.name }} />{' '}
          {reading.until !== undefined && t('overview.retryIn', { time: countdown(reading.until - now) })}
        </span>
        <Button size="sm" busy={reset.isPending} onClick={() => reset.mutate(provider)}>
          {t('providers.resetBreaker')}
        </Button>
        <Link to="/logs" search={{ provider: provider.id, errors: true }} className="text-12 font-medium hover:underline">
          {t('overview.seeRequests')}
        </Link>
      </div>
    );
  });
}

function Tile({ label, value, unit, fact, to }: { label: string; value: ReactNode; unit?: string; fact: ReactNode; to: string }) {
  return (
    <Link to={to} className="min-w-0 bg-panel px-4 py-3 hover:bg-hover">
      <span className="block text-12 text-fg-muted">{label}</span>
      <span className="block text-24 font-semibold tracking-[-0.025em]">
        {value}
        {unit && <span className="ml-1 text-13 font-normal tracking-normal text-fg-muted">{unit}</span>}
      </span>
      <span className="block truncate text-12 text-fg-muted">{fact}</span>
    </Link>
  );
}

function Tiles({ providers, health, sessions, admin }: { providers: Provider[]; health: ProviderHealth[] | undefined; sessions: Session[] | undefined; admin: boolean }) {
  const { t } = useTranslation();
  const users = useQuery({ ...queries.users(), enabled: admin });
  const counts = countHealth(providers, health);
  const streaming = sessions?.filter((session) => session.inFlight > 0).length ?? 0;
  const inFlight = health?.reduce((sum, item) => sum + item.inFlight, 0);
  const spend = sessions?.reduce((sum, session) => sum + session.costUsd, 0);
  const format = useFormat();
  return (
    <Panel label={t('overview.now')} className="grid grid-cols-2 gap-px overflow-hidden bg-line! lg:grid-cols-4">
      <Tile to="/sessions" label={t('nav.sessions')} value={sessions?.length ?? '–'} fact={t('overview.streaming', { count: streaming })} />
      <Tile to="/sessions" label={t('overview.spendLive')} value={spend === undefined ? '–' : format.usd(spend)} fact={t('overview.spendLiveHelp')} />
      {admin && (
        <>
          <Tile
            to="/providers"
            label={t('overview.usable')}
            value={counts.closed + counts.half_open}
            unit={t('overview.of', { total: providers.length })}
            fact={inFlight === undefined ? '–' : t('overview.inFlight', { count: inFlight })}
          />
          <Tile
            to="/users"
            label={t('nav.users')}
            value={users.data?.length ?? '–'}
            fact={t('users.countKeys', { count: users.data?.reduce((sum, user) => sum + (user.keys?.length ?? 0), 0) ?? 0 })}
          />
        </>
      )}
    </Panel>
  );
}

function More({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link to={to} className="inline-flex items-center gap-1 font-medium text-fg-muted hover:text-fg">
      {children}
      <ArrowRight size={12} aria-hidden="true" />
    </Link>
  );
}

function ProviderStrip({ providers, health, now }: { providers: Provider[]; health: ProviderHealth[] | undefined; now: number }) {
  const { t } = useTranslation();
  return (
    <Panel label={t('nav.providers')} className="overflow-hidden">
      <PanelTitle title={t('nav.providers')} actions={<More to="/providers">{t('overview.all')}</More>} />
      <ul className="-mr-px -mb-px grid grid-cols-1 border-t border-line sm:grid-cols-2 lg:grid-cols-4 2xl:grid-cols-6">
        {providers.map((provider) => {
          const item = health?.find((candidate) => candidate.providerId === provider.id);
          return (
            <li key={provider.id} className="min-w-0 border-r border-b border-line px-4 py-2.5">
              <Link to="/providers" search={{ edit: String(provider.id) }} className="flex items-center gap-2 text-13 font-medium hover:underline">
                <span className="min-w-0 flex-1 truncate">{provider.name}</span>
                <Mark type={provider.type} size={14} />
              </Link>
              <p className="mt-0.5 flex justify-between gap-2 text-12 text-fg-muted">
                <BreakerState provider={provider} health={item} now={now} />
                {item && <span>{item.limit ? t('overview.inFlightOf', { count: item.inFlight, limit: item.limit }) : t('overview.inFlight', { count: item.inFlight })}</span>}
              </p>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

function Failures({ now }: { now: number }) {
  const { t } = useTranslation();
  const [filter] = useState(() => ({ ...logFilter({ errors: true }, Date.now()), limit: 10 }));
  const failures = useQuery(queries.recentLogs(filter));
  return (
    <Panel label={t('overview.failures')} className="self-start overflow-hidden">
      <PanelTitle title={t('overview.failures')} facts={t('range.24h')} actions={<More to="/logs?errors=1">{t('nav.requests')}</More>} />
      {failures.isPending && <Skeleton className="px-4" />}
      {failures.isError && <ErrorNotice error={failures.error} title={t('requests.loadFailed')} onRetry={() => void failures.refetch()} className="m-4" />}
      {failures.data?.length === 0 && <p className="flex items-center gap-2 px-4 pb-4 text-13 text-fg-muted"><StateShape tone="ok" />{t('overview.noFailures')}</p>}
      {failures.data && failures.data.length > 0 && (
        <div className="overflow-x-auto">
          <Table label={t('overview.failures')} className="min-w-[560px]">
            <thead>
              <tr>
                <Th>{t('requests.column.time')}</Th>
                <Th>{t('requests.column.status')}</Th>
                <Th>{t('requests.column.user')}</Th>
                <Th>{t('requests.column.provider')}</Th>
                <Th>{t('overview.cause')}</Th>
                <Th className="w-24">{t('requests.column.route')}</Th>
              </tr>
            </thead>
            <tbody>
              {failures.data.map((log) => (
                <FailureRow key={log.id} log={log} now={now} />
              ))}
            </tbody>
          </Table>
        </div>
      )}
    </Panel>
  );
}

function FailureRow({ log, now }: { log: UsageLog; now: number }) {
  return (
    <tr className="h-8 hover:bg-hover">
      <Td className="whitespace-nowrap">
        <Link to="/logs/$id" params={{ id: log.id }} className="hover:underline">
          <LogTime log={log} now={now} />
        </Link>
      </Td>
      <Td>
        <LogStatus log={log} />
      </Td>
      <Td>
        <LogUser log={log} />
      </Td>
      <Td>
        <LogProvider log={log} plain />
      </Td>
      <Td className="max-w-64 truncate text-fg-2">{log.errorCode ?? log.errorMessage ?? '–'}</Td>
      <Td>
        <RouteRibbon ribbon={rowRibbon(log)} />
      </Td>
    </tr>
  );
}

function LiveSessions({ sessions }: { sessions: Session[] | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const names = useNames();
  const shown = sessions?.slice(0, 8) ?? [];
  return (
    <Panel label={t('nav.sessions')} className="self-start">
      <PanelTitle title={t('nav.sessions')} facts={sessions && t('overview.active', { count: sessions.length })} actions={<More to="/sessions">{t('overview.all')}</More>} />
      {shown.length === 0 && <p className="px-4 pb-4 text-13 text-fg-muted">{t('sessions.none')}</p>}
      <ul className="px-4 pb-2">
        {shown.map((session) => (
          <li key={session.id} className="flex items-center gap-3 py-1.5">
            <State tone={session.inFlight ? 'live' : 'off'}>
              <span className="sr-only">{session.inFlight ? t('sessions.streaming') : t('sessions.idle')}</span>
            </State>
            <span className="min-w-0 flex-1">
              <span className="block truncate text-13 font-medium">{names.userName(session.userId, session.userName)}</span>
              <span className="block truncate text-12 text-fg-muted">{session.model ?? '–'}</span>
            </span>
            <span className="min-w-0 text-right">
              <span className="flex items-center justify-end gap-1.5 text-13">
                <Mark type={names.providerType(session.providerId, session.providerType)} size={13} />
                <span className="truncate">{names.providerName(session.providerId, session.providerName)}</span>
              </span>
              <span className="block text-12 text-fg-muted">{`${t('sessions.requestCount', { count: session.requests })} · ${format.usd(session.costUsd)}`}</span>
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
