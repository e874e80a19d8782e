import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { OwnStats } from '@/api/types';
import { Panel, PanelTitle } from '@/components/shell/page';
import { ColumnChart } from '@/components/ui/column-chart';
import { Empty, ErrorNotice, Skeleton } from '@/components/ui/notice';
import { Table, Td, Th } from '@/components/ui/table';
import { Segmented } from '@/components/ui/toggle';
import { ShareBar } from '@/features/leaderboard/marks';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { useNow } from '@/lib/clock';
import { useMedia } from '@/lib/media';
import { metrics, type Metric, type Scope, type Span } from './search';
import { pointsOf, sharesOf } from './series';

/** Models with a row of their own; the others are one. */
const MODELS = 8;

interface UsagePanelProps {
  span: Span;
  scope: Scope;
  metric: Metric;
  onMetric: (metric: Metric) => void;
}

/** What was used over time, and by which models. */
export function UsagePanel({ span, scope, metric, onMetric }: UsagePanelProps) {
  const { t } = useTranslation();
  const stats = useQuery(queries.ownStats({ ...span, scope }));
  const title = t(`me.chart.${metric}.${span.bucket}`);
  return (
    <Panel label={title} className="overflow-hidden">
      <PanelTitle
        title={title}
        actions={<Segmented label={t('me.show')} value={metric} onChange={onMetric} options={metrics.map((value) => ({ value, label: t(`leaderboard.column.${value}`) }))} />}
      />
      <div className={cn('border-t border-line', stats.isPlaceholderData && 'opacity-60')} aria-busy={stats.isPlaceholderData}>
        {stats.isPending && <Skeleton className="min-h-[236px] px-4" />}
        {stats.isError && <ErrorNotice error={stats.error} title={t('me.statsFailed')} onRetry={() => void stats.refetch()} className="m-4" />}
        {stats.data?.total.requests === 0 && <Empty title={t('me.noUsage')}>{t('leaderboard.emptyHelp')}</Empty>}
        {stats.data && stats.data.total.requests > 0 && (
          <div className="grid grid-cols-1 xl:grid-cols-[1fr_440px]">
            <Chart stats={stats.data} metric={metric} title={title} />
            <Models stats={stats.data} metric={metric} />
          </div>
        )}
      </div>
    </Panel>
  );
}

interface DrawnProps {
  stats: OwnStats;
  metric: Metric;
}

function useMetricText(metric: Metric): (value: number) => string {
  const format = useFormat();
  return metric === 'cost' ? format.usd : metric === 'tokens' ? format.tokens : format.count;
}

function Chart({ stats, metric, title }: DrawnProps & { title: string }) {
  const { t } = useTranslation();
  // Days are those of the installation, hours are told in its zone too.
  const format = useFormat(stats.timezone);
  const text = useMetricText(metric);
  const now = useNow(60_000);
  const phone = useMedia('(max-width: 767px)');
  const points = pointsOf(stats, metric);
  const hourly = stats.bucket === 'hour';
  const columns = points.map(({ at, value, figures }, i) => {
    const label = hourly ? format.time(at, 'clock').slice(0, 5) : format.time(at, 'day');
    const when = hourly ? format.time(at, 'dateTime') : format.time(at, 'weekday');
    return {
      key: at,
      label,
      value,
      title: t('me.column', { when, cost: format.usd(figures.costUsd), requests: format.count(figures.requests), tokens: format.tokens(figures.totalTokens) }),
      running: i === points.length - 1 && Date.parse(stats.to) >= now - 60_000,
    };
  });
  return (
    <div className="px-4 pt-5 pb-4">
      <ColumnChart columns={columns} label={title} format={text} whole={metric !== 'cost'} labels={phone ? 4 : 8} heads={[t('me.time'), t(`leaderboard.column.${metric}`)]} />
    </div>
  );
}

function Models({ stats, metric }: DrawnProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const text = useMetricText(metric);
  const rows = sharesOf(stats, metric, MODELS);
  const greatest = Math.max(0, ...rows.map(({ share }) => share ?? 0));
  const whole = { cost: stats.total.costUsd, requests: stats.total.requests, tokens: stats.total.totalTokens }[metric];
  return (
    <div className="max-xl:border-t max-xl:border-line xl:pt-2">
      <Table label={t('me.byModel')} className="table-fixed max-sm:[&_.bg-track]:hidden">
        <thead>
          <tr>
            <Th className="static! border-t-0! pl-4!">{t('requests.column.model')}</Th>
            <Th right className="static! w-20 border-t-0! sm:w-24">
              {t(`leaderboard.column.${metric}`)}
            </Th>
            <Th className="static! w-40 border-t-0! pr-4! pl-4 max-sm:w-20">{t('leaderboard.share')}</Th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.model ?? ''} className="h-8" data-model={row.model ?? ''}>
              <Td className="pl-4! break-words">
                {row.model ?? t('leaderboard.otherModels')}
              </Td>
              <Td right className="font-medium">
                {text(row.value)}
              </Td>
              <Td className="pr-4! pl-4">
                <ShareBar share={row.share} greatest={greatest} />
              </Td>
            </tr>
          ))}
          <tr className="h-8 font-medium">
            <Td className="border-b-0! pl-4!">{t('me.total')}</Td>
            <Td right className="border-b-0!">
              {text(whole)}
            </Td>
            <Td className="border-b-0! pr-4! pl-4 text-right text-fg-muted">{format.percent(1, 1)}</Td>
          </tr>
        </tbody>
      </Table>
    </div>
  );
}
