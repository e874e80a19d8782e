import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChevronDown, ChevronUp, Maximize2, X } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { UsageLogDetail } from '@/api/types';
import { Button, buttonClass } from '@/components/ui/button';
import { CopyBlock, CopyButton } from '@/components/ui/copy';
import { ErrorNotice, Skeleton } from '@/components/ui/notice';
import { Tabs } from '@/components/ui/tabs';
import { useFormat } from '@/i18n/use-format';
import { readChain } from './chain';
import { Billing, Facts, KeyFigures, OutcomeBadges, StatusBadge } from './facts';
import { RouteSentence, SelectionPanel, Steps } from './route-panels';
import { Waterfall, WaterfallLegend } from './waterfall';

interface DrawerProps {
  id: string;
  tab: string;
  onTab: (tab: string) => void;
  onClose: () => void;
  onStep: (direction: 1 | -1) => void;
}

/** Esc closes, j and k step; typing in a field is left alone. */
function useDrawerKeys({ onClose, onStep }: Pick<DrawerProps, 'onClose' | 'onStep'>) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if ((event.target as HTMLElement).closest('input,textarea,select,[role="menu"],[role="dialog"]')) return;
      if (event.key === 'Escape') onClose();
      if (event.key === 'j') onStep(1);
      if (event.key === 'k') onStep(-1);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [onClose, onStep]);
}

export function RequestDrawer({ id, tab, onTab, onClose, onStep }: DrawerProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const query = useQuery(queries.log(id));
  const log = query.data;
  useDrawerKeys({ onClose, onStep });
  return (
    <aside
      aria-label={t('requests.drawerLabel')}
      className="slide-in flex w-full shrink-0 flex-col border-l border-line bg-panel max-xl:fixed max-xl:inset-y-0 max-xl:right-0 max-xl:z-30 max-xl:shadow-drawer md:w-[480px]"
    >
      <header className="px-5 pt-3.5 pb-2">
        <div className="flex items-center gap-2">
          {log && <StatusBadge log={log} />}
          <h2 className="min-w-0 truncate text-16 leading-6 font-semibold">{log?.model ?? t('requests.request')}</h2>
          <span className="hidden gap-1 sm:flex">{log && <OutcomeBadges log={log} short />}</span>
          <span className="ml-auto flex shrink-0">
            <Button tone="ghost" size="sm" iconOnly aria-label={t('requests.previous')} onClick={() => onStep(-1)}>
              <ChevronUp size={16} />
            </Button>
            <Button tone="ghost" size="sm" iconOnly aria-label={t('requests.next')} onClick={() => onStep(1)}>
              <ChevronDown size={16} />
            </Button>
            <Link to="/logs/$id" params={{ id }} aria-label={t('requests.expand')} className={buttonClass('ghost', 'sm', true)}>
              <Maximize2 size={14} />
            </Link>
            <Button tone="ghost" size="sm" iconOnly aria-label={t('common.close')} onClick={onClose}>
              <X size={16} />
            </Button>
          </span>
        </div>
        {log && (
          <p className="flex items-center gap-1 text-12 text-fg-muted">
            {`${format.time(log.createdAt, 'date')} ${format.time(log.createdAt, 'clockMs')}`}
            <span aria-hidden="true">·</span>
            <code className="truncate">{log.requestId}</code>
            <CopyButton value={log.requestId} label={t('common.copyId')} />
          </p>
        )}
      </header>
      {query.isPending && <Skeleton className="px-5" />}
      {query.isError && <ErrorNotice error={query.error} title={t('requests.loadOneFailed')} onRetry={() => void query.refetch()} className="mx-5" />}
      {log && <DrawerTabs log={log} tab={tab} onTab={onTab} />}
    </aside>
  );
}

function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="mt-3.5">
      <div className="mb-1.5 flex flex-wrap items-center justify-between gap-2">
        <h3 className="text-12 font-semibold">{title}</h3>
        {aside}
      </div>
      {children}
    </section>
  );
}

function DrawerTabs({ log, tab, onTab }: { log: UsageLogDetail; tab: string; onTab: (tab: string) => void }) {
  const { t } = useTranslation();
  const chain = readChain(log.decisionChain, log);
  const body = 'h-full overflow-y-auto px-5 py-3.5';
  return (
    <Tabs
      label={t('requests.drawerLabel')}
      listClassName="px-5"
      value={tab}
      onChange={onTab}
      tabs={[
        {
          value: 'summary',
          label: t('requests.tab.summary'),
          content: (
            <div className={body}>
              <RouteSentence chain={chain} log={log} />
              {log.errorMessage && <p className="mt-2 rounded-md bg-sunken px-3 py-2 text-12 break-words text-fg-2">{log.errorMessage}</p>}
              <div className="mt-3.5">
                <KeyFigures log={log} />
              </div>
              {chain.attempts.length > 0 && (
                <Section title={t('route.timing')}>
                  <Waterfall chain={chain} log={log} compact />
                  <div className="mt-2">
                    <WaterfallLegend chain={chain} log={log} />
                  </div>
                </Section>
              )}
              <SelectionPanel chain={chain} compact />
              <Section title={t('requests.costTitle')}>
                <Billing log={log} />
              </Section>
              <Section title={t('requests.about')}>
                <Facts log={log} />
              </Section>
            </div>
          ),
        },
        {
          value: 'route',
          label: t('requests.tab.route'),
          content: (
            <div className="h-full overflow-y-auto py-3.5">
              <div className="px-5 pb-3">
                <RouteSentence chain={chain} log={log} />
              </div>
              <Steps chain={chain} />
            </div>
          ),
        },
        {
          value: 'raw',
          label: t('requests.tab.raw'),
          content: (
            <div className={body}>
              <CopyBlock lines label={t('requests.tab.raw')} value={JSON.stringify(log, null, 2)} />
            </div>
          ),
        },
      ]}
    />
  );
}
