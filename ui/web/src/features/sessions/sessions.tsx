import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Link2, List, MoreHorizontal, Unlink } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { terminateSession } from '@/api/mutations';
import { queries } from '@/api/queries';
import type { Session } from '@/api/types';
import { FilterRow, PageTitle } from '@/components/shell/page';
import { Button, buttonClass } from '@/components/ui/button';
import { Confirm } from '@/components/ui/dialog';
import { SearchBox } from '@/components/ui/filters';
import { Mark } from '@/components/ui/marks';
import { Menu } from '@/components/ui/menu';
import { Empty, ErrorNotice, Skeleton } from '@/components/ui/notice';
import { State } from '@/components/ui/state';
import { Table, Td, Th } from '@/components/ui/table';
import { showToast } from '@/components/ui/toast';
import { Segmented } from '@/components/ui/toggle';
import { useErrorText } from '@/i18n/error-text';
import { useFormat } from '@/i18n/use-format';
import { useNow } from '@/lib/clock';
import { cn } from '@/lib/cn';
import { clientName, countdown, shortId } from '@/lib/format';
import type { ListSearch } from '@/lib/list-search';
import { useMedia } from '@/lib/media';
import { useNames } from '@/lib/names';

type Activity = 'streaming' | 'idle';
const choices = ['all', 'streaming', 'idle'] as const;

const activity = (session: Session): Activity => (session.inFlight > 0 ? 'streaming' : 'idle');

function matches(session: Session, search: ListSearch, names: ReturnType<typeof useNames>): boolean {
  if (search.state && activity(session) !== search.state) return false;
  const q = search.q?.toLowerCase();
  if (!q) return true;
  const texts = [session.sessionId, session.model ?? '', session.clientKind ?? '', names.userName(session.userId, session.userName), names.providerName(session.providerId, session.providerName)];
  return texts.some((text) => text.toLowerCase().includes(q));
}

/** Sessions whose last request is younger than their time to live. */
export function SessionsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/sessions' });
  const navigate = useNavigate({ from: '/sessions' });
  const list = useQuery(queries.sessions('active'));
  const names = useNames();
  const [ending, setEnding] = useState<Session>();
  const change = (patch: Partial<ListSearch>, replace = false) => void navigate({ search: (before: ListSearch) => ({ ...before, ...patch }), replace });
  const sessions = list.data ?? [];
  const shown = sessions.filter((session) => matches(session, search, names));
  const count = (which: (typeof choices)[number]) => (which === 'all' ? sessions.length : sessions.filter((session) => activity(session) === which).length);
  const phone = useMedia('(max-width: 767px)');

  return (
    <div className="flex h-full flex-col">
      <PageTitle title={t('nav.sessions')} facts={t('sessions.help')} />
      {sessions.length > 0 && (
        <FilterRow>
          <SearchBox value={search.q ?? ''} onValue={(q) => change({ q: q || undefined }, true)} label={t('sessions.search')} />
          <Segmented
            label={t('sessions.state')}
            value={choices.find((choice) => choice === search.state) ?? 'all'}
            onChange={(state) => change({ state: state === 'all' ? undefined : state })}
            options={choices.map((value) => ({ value, label: `${t(`sessions.${value}`)} ${count(value)}` }))}
          />
        </FilterRow>
      )}
      <div className="min-h-0 flex-1 overflow-auto">
        {list.isPending && <Skeleton className="px-6" />}
        {list.isError && (
          <div className="p-6">
            <ErrorNotice error={list.error} title={t('sessions.loadFailed')} onRetry={() => void list.refetch()} />
          </div>
        )}
        {list.isSuccess && sessions.length === 0 && (
          <Empty
            title={t('sessions.none')}
            actions={
              <Link to="/docs/setup" className={buttonClass('primary')}>
                {t('nav.clients')}
              </Link>
            }
          >
            {t('sessions.noneHelp')}
          </Empty>
        )}
        {sessions.length > 0 && shown.length === 0 && (
          <Empty plain title={t('sessions.noMatch')} actions={<Button onClick={() => void navigate({ search: {} })}>{t('common.clearFilters')}</Button>} />
        )}
        {shown.length > 0 && (phone ? <Cards sessions={shown} /> : <SessionTable sessions={shown} onEnd={setEnding} />)}
      </div>
      {ending && <EndDialog session={ending} onClose={() => setEnding(undefined)} />}
    </div>
  );
}

/** Streaming, or a ring that runs down to the session's end. */
function Activity({ session, now }: { session: Session; now: number }) {
  const { t } = useTranslation();
  if (activity(session) === 'streaming') return <State tone="live">{t('sessions.streaming')}</State>;
  const left = session.expiresAt ? Date.parse(session.expiresAt) - now : undefined;
  if (left === undefined || Number.isNaN(left)) return <State tone="off">{t('sessions.idle')}</State>;
  const ttl = session.lastAt && session.expiresAt ? Date.parse(session.expiresAt) - Date.parse(session.lastAt) : 300_000;
  const share = Math.max(0, Math.min(1, left / Math.max(1, ttl)));
  return (
    <span className="inline-flex items-center gap-1.5 text-fg-muted" title={t('sessions.idle')}>
      <svg width="12" height="12" viewBox="0 0 12 12" className="-rotate-90" aria-hidden="true">
        <circle cx="6" cy="6" r="4.5" fill="none" stroke="var(--bar-track)" strokeWidth="2" />
        <circle cx="6" cy="6" r="4.5" fill="none" stroke="currentColor" strokeWidth="2" pathLength="1" strokeDasharray={`${share} 1`} />
      </svg>
      {countdown(left)}
    </span>
  );
}

function SessionTable({ sessions, onEnd }: { sessions: Session[]; onEnd: (session: Session) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const names = useNames();
  const navigate = useNavigate();
  const now = useNow(1000);
  return (
    <Table label={t('nav.sessions')} className="min-w-[960px]">
      <thead>
        <tr>
          <Th>{t('sessions.state')}</Th>
          <Th>{t('requests.user')}</Th>
          <Th>{t('requests.session')}</Th>
          <Th>{t('requests.client')}</Th>
          <Th>{t('requests.model')}</Th>
          <Th>{t('sessions.bound')}</Th>
          <Th right>{t('sessions.requests')}</Th>
          <Th right>{t('sessions.inFlight')}</Th>
          <Th right>{t('requests.column.in')}</Th>
          <Th right>{t('requests.column.out')}</Th>
          <Th right>{t('requests.cost')}</Th>
          <Th right>{t('sessions.last')}</Th>
          <Th>
            <span className="sr-only">{t('common.actions')}</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <tr key={session.id} className="h-9 bg-panel hover:bg-hover">
            <Td>
              <Activity session={session} now={now} />
            </Td>
            <Td className="font-medium">{names.userName(session.userId, session.userName)}</Td>
            <Td>
              <Link to="/logs" search={{ session: session.sessionId }} className="font-code text-12 text-fg-2 hover:text-accent" title={session.sessionId}>
                {shortId(session.sessionId)}
              </Link>
            </Td>
            <Td>{clientName(session.clientKind) ?? '–'}</Td>
            <Td>{session.model ?? '–'}</Td>
            <Td>
              <BoundTo session={session} />
            </Td>
            <Td right>{format.count(session.requests)}</Td>
            <Td right className={cn(!session.inFlight && 'text-fg-faint')}>{session.inFlight}</Td>
            <Td right>{format.tokens(session.inputTokens)}</Td>
            <Td right>{format.tokens(session.outputTokens)}</Td>
            <Td right className="font-medium">{format.usd(session.costUsd)}</Td>
            <Td right className="text-fg-muted">{session.lastAt ? format.age(session.lastAt, now) : '–'}</Td>
            <Td right>
              <Menu
                groups={[
                  [{ label: t('sessions.viewRequests'), icon: <List size={14} />, onSelect: () => void navigate({ to: '/logs', search: { session: session.sessionId } }) }],
                  [{ label: t('sessions.end'), icon: <Unlink size={14} />, danger: true, onSelect: () => onEnd(session) }],
                ]}
                trigger={
                  <Button tone="ghost" size="sm" iconOnly aria-label={t('common.actionsFor', { name: shortId(session.sessionId) })}>
                    <MoreHorizontal size={16} />
                  </Button>
                }
              />
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** The provider a session sticks to; red where that one is open. */
function BoundTo({ session }: { session: Session }) {
  const names = useNames();
  const health = useQuery(queries.providersHealth()).data?.find((item) => item.providerId === session.providerId);
  if (session.providerId == null) return <span className="text-fg-muted">–</span>;
  return (
    <span className={cn('inline-flex items-center gap-1.5', health?.state === 'open' && 'font-medium text-err')}>
      <Link2 size={13} className="shrink-0 text-fg-muted" aria-hidden="true" />
      <Mark type={names.providerType(session.providerId, session.providerType)} size={14} />
      {names.providerName(session.providerId, session.providerName)}
    </span>
  );
}

function Cards({ sessions }: { sessions: Session[] }) {
  const format = useFormat();
  const names = useNames();
  const now = useNow(1000);
  return (
    <ul className="border-t border-line bg-panel">
      {sessions.map((session) => (
        <li key={session.id} className="border-b border-line">
          <Link to="/logs" search={{ session: session.sessionId }} className="flex flex-col gap-1 px-4 py-2">
            <span className="flex items-center gap-3 text-13">
              <span className="w-24 shrink-0">
                <Activity session={session} now={now} />
              </span>
              <span className="min-w-0 flex-1 truncate">{session.model ?? '–'}</span>
              <span className="font-medium">{format.usd(session.costUsd)}</span>
            </span>
            <span className="flex items-center gap-3 text-12 text-fg-muted">
              <code className="w-24 shrink-0 truncate">{shortId(session.sessionId)}</code>
              <span className="min-w-0 flex-1 truncate">
                {names.userName(session.userId, session.userName)} · {names.providerName(session.providerId, session.providerName)}
              </span>
              <span>{format.count(session.requests)}</span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function EndDialog({ session, onClose }: { session: Session; onClose: () => void }) {
  const { t } = useTranslation();
  const text = useErrorText();
  const names = useNames();
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: () => terminateSession(session.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['sessions'] });
      showToast({ tone: 'ok', title: t('sessions.ended'), detail: shortId(session.sessionId) });
    },
    onError: (error) => showToast({ tone: 'open', title: t('sessions.endFailed'), detail: text(error) }),
    onSettled: onClose,
  });
  return (
    <Confirm
      title={t('sessions.endTitle', { id: shortId(session.sessionId) })}
      description={t('sessions.endHelp', {
        user: names.userName(session.userId, session.userName),
        provider: names.providerName(session.providerId, session.providerName),
        count: session.inFlight,
      })}
      confirmLabel={t('sessions.end')}
      busy={end.isPending}
      onConfirm={() => end.mutate()}
      onClose={onClose}
    />
  );
}
