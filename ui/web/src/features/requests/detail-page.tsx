import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { UsageLogDetail } from '@/api/types';
import { PanelPage, Panel, PanelTitle } from '@/components/shell/page';
import { CopyBlock } from '@/components/ui/copy';
import { ErrorNotice, Skeleton } from '@/components/ui/notice';
import { Tabs } from '@/components/ui/tabs';
import { readChain, type Chain } from './chain';
import { Billing, Facts, HeadFacts, OutcomeBadges, StatusBadge } from './facts';
import { Draw, RouteSentence, SelectionPanel, Steps } from './route-panels';
import { Waterfall, WaterfallLegend } from './waterfall';

export function RequestDetailPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/shell/logs/$id' });
  const query = useQuery(queries.log(id));
  if (query.isPending) return <PanelPage>{<Skeleton />}</PanelPage>;
  if (query.isError) {
    return (
      <PanelPage>
        <ErrorNotice error={query.error} title={t('requests.loadOneFailed')} onRetry={() => void query.refetch()} />
      </PanelPage>
    );
  }
  return <Detail log={query.data} />;
}

function Detail({ log }: { log: UsageLogDetail }) {
  const { t } = useTranslation();
  const [tab, setTab] = useState('route');
  const chain = readChain(log.decisionChain, log);
  return (
    <PanelPage className="flex flex-col gap-4">
      <header className="flex flex-wrap items-center gap-2.5">
        <StatusBadge log={log} />
        <h1 className="text-20 font-semibold tracking-[-0.011em]">{log.model || t('requests.request')}</h1>
        <OutcomeBadges log={log} />
      </header>
      <HeadFacts log={log} />
      <Tabs
        label={t('requests.drawerLabel')}
        value={tab}
        onChange={setTab}
        tabs={[
          { value: 'route', label: t('requests.tab.route'), content: <RouteTab chain={chain} log={log} /> },
          {
            value: 'raw',
            label: t('requests.tab.raw'),
            content: (
              <div className="pt-4">
                <CopyBlock lines label={t('requests.tab.raw')} value={JSON.stringify(log, null, 2)} />
              </div>
            ),
          },
        ]}
      />
    </PanelPage>
  );
}

function RouteTab({ chain, log }: { chain: Chain; log: UsageLogDetail }) {
  const { t } = useTranslation();
  const draws = chain.selections.filter((selection) => (selection.context?.candidatesAtPriority?.length ?? 0) > 0);
  return (
    <div className="flex flex-col gap-4 pt-4">
      <RouteSentence chain={chain} log={log} />
      {log.errorMessage && <p className="rounded-md bg-sunken px-3 py-2 text-12 break-words text-fg-2">{log.errorMessage}</p>}
      {chain.attempts.length > 0 && (
        <Panel label={t('route.timing')}>
          <PanelTitle title={t('route.timing')} facts={<WaterfallLegend chain={chain} log={log} />} />
          <div className="px-4 pb-3">
            <Waterfall chain={chain} log={log} />
          </div>
        </Panel>
      )}
      {chain.selections.some((selection) => selection.context) && (
        <Panel label={t('route.whoCould')}>
          <SelectionPanel chain={chain} />
        </Panel>
      )}
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-[1fr_400px]">
        <Panel label={t('route.steps')} className="self-start">
          <PanelTitle title={t('route.steps')} />
          <Steps chain={chain} />
        </Panel>
        <div className="flex min-w-0 flex-col gap-4">
          {draws.length > 0 && (
            <Panel label={t('route.draws')}>
              <PanelTitle title={t('route.draws')} facts={t('route.drawsHelp')} />
              <div className="px-4 pb-4">
                {draws.map((selection, i) => (
                  <Draw key={i} selection={selection} />
                ))}
              </div>
            </Panel>
          )}
          <Panel label={t('requests.costTitle')}>
            <PanelTitle title={t('requests.costTitle')} />
            <div className="px-4 pb-3">
              <Billing log={log} />
            </div>
          </Panel>
          <Panel label={t('requests.about')}>
            <PanelTitle title={t('requests.about')} />
            <div className="px-4 pb-3">
              <Facts log={log} />
            </div>
          </Panel>
        </div>
      </div>
    </div>
  );
}
