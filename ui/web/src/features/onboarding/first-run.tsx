import type { TFunction } from 'i18next';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { updateSetup } from '@/api/mutations';
import { queries } from '@/api/queries';
import type { SetupState } from '@/api/types';
import { Panel, PanelPage, PanelTitle } from '@/components/shell/page';
import { Button, buttonClass } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/notice';
import { readChain } from '@/features/requests/chain';
import { RouteSentence, Steps as RouteSteps } from '@/features/requests/route-panels';
import { cn } from '@/lib/cn';
import { DemoPanel } from './demo-panel';
import { FirstKey } from './first-key';
import { FirstRequest } from './first-request';
import { steps, type Step, type StepKey } from './progress';
import { UpstreamChoice } from './upstream-choice';

/** From zero to the first routed request. What exists is asked from the server, so any browser continues. */
export function FirstRun() {
  const { t } = useTranslation();
  const setup = useQuery(queries.setup());
  const providers = useQuery(queries.providers());
  const users = useQuery(queries.users());
  const logs = useQuery(queries.recentLogs({ limit: 1 }));
  const [secret, setSecret] = useState<string>();
  const [requestId, setRequestId] = useState<string>();
  const client = useQueryClient();
  const remember = useMutation({ mutationFn: updateSetup, onSuccess: (state) => client.setQueryData(queries.setup().queryKey, state) });
  const onAnswered = (id: string) => {
    setRequestId(id);
    if (setup.data) remember.mutate({ steps: { route: 'done' } }); // it is drawn below at once
    void client.invalidateQueries({ queryKey: ['usage-logs-recent'] });
  };
  if (providers.isPending || users.isPending || setup.isPending) {
    return (
      <PanelPage>
        <Skeleton />
      </PanelPage>
    );
  }
  const keys = users.data?.reduce((sum, user) => sum + (user.keys?.length ?? 0), 0) ?? 0;
  const list = steps({ providers: providers.data?.length ?? 0, keys, requests: logs.data?.length ?? 0, answered: requestId !== undefined, routeSeen: setup.data?.steps.route === 'done' });
  const left = list.filter((step) => step.state !== 'done').length;
  const content: Record<StepKey, ReactNode> = {
    upstream: <UpstreamChoice demo={setup.data?.demoAvailable ?? false} onKey={setSecret} />,
    key: <FirstKey onSecret={setSecret} />,
    request: <FirstRequest providers={providers.data ?? []} secret={secret} onSecret={setSecret} onAnswered={onAnswered} />,
    route: requestId ? <RouteStep requestId={requestId} /> : null,
  };
  return (
    <PanelPage>
      <div className="flex flex-wrap items-start justify-between gap-2">
        <h1 className="text-24 font-semibold tracking-[-0.011em]">{t('firstRun.title')}</h1>
        {setup.data && !setup.data.dismissed && providers.data && providers.data.length > 0 && (
          <Button tone="ghost" onClick={() => remember.mutate({ dismissed: true })}>
            {t('firstRun.hide')}
          </Button>
        )}
      </div>
      <p className="mt-1 mb-5 text-14 text-fg-muted">{left > 0 ? t('firstRun.left', { count: left }) : t('firstRun.done')}</p>
      <div className="grid grid-cols-1 items-start gap-6 xl:grid-cols-[1fr_388px]">
        <Panel label={t('firstRun.title')}>
          <ol>
            {setup.data && <TokenStep state={setup.data} onDone={() => remember.mutate({ steps: { token: 'done' } })} />}
            {list.map((step, i) => (
              <StepRow key={step.key} n={i + 1} step={step} summary={summary(step.key, t, { providers: providers.data?.[0]?.name, keys })}>
                {(step.state === 'now' || (step.key === 'request' && step.state === 'done')) && content[step.key]}
                {step.key === 'route' && requestId && step.state === 'done' && content.route}
              </StepRow>
            ))}
          </ol>
        </Panel>
        <div className="flex min-w-0 flex-col gap-4">
          <LiveRoute requestId={requestId} />
          {setup.data && setup.data.demo !== 'off' && <DemoPanel state={setup.data} />}
        </div>
      </div>
    </PanelPage>
  );
}

function summary(key: StepKey, t: TFunction, facts: { providers: string | undefined; keys: number }): string | undefined {
  if (key === 'upstream') return facts.providers;
  if (key === 'key') return t('users.countKeys', { count: facts.keys });
  return undefined;
}

function TokenStep({ state, onDone }: { state: SetupState; onDone: () => void }) {
  const { t } = useTranslation();
  if (state.adminTokenSource !== 'generated') return null;
  return (
    <li className="flex gap-4 border-b border-line px-5 py-3.5">
      <StepMark state={state.steps.token === 'done' ? 'done' : 'next'} n={0} />
      <div className="min-w-0 flex-1">
        <p className="text-14 font-medium">{t('firstRun.token')}</p>
        <p className="text-12 text-fg-muted">{t('firstRun.tokenHelp')}</p>
      </div>
      {state.steps.token !== 'done' && (
        <Button size="sm" onClick={onDone}>
          {t('firstRun.tokenNoted')}
        </Button>
      )}
    </li>
  );
}

function StepMark({ state, n }: { state: Step['state']; n: number }) {
  return (
    <span
      aria-hidden="true"
      className={cn(
        'flex size-6 shrink-0 items-center justify-center rounded-full text-12 font-semibold',
        state === 'done' && 'bg-ok-tint text-ok',
        state === 'now' && 'bg-accent text-panel',
        state === 'next' && 'border border-line-strong text-fg-muted',
      )}
    >
      {state === 'done' ? <Check size={14} strokeWidth={2.5} /> : n}
    </span>
  );
}

function StepRow({ n, step, summary: fact, children }: { n: number; step: Step; summary: string | undefined; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <li aria-current={step.state === 'now' ? 'step' : undefined} className="flex gap-4 border-b border-line px-5 py-3.5 last:border-b-0">
      <StepMark state={step.state} n={n} />
      <div className="min-w-0 flex-1">
        <p className={cn('flex flex-wrap justify-between gap-2 text-14 font-medium', step.state === 'next' && 'font-normal text-fg-muted')}>
          {t(`firstRun.step.${step.key}`)}
          <span className="sr-only">{t(`firstRun.state.${step.state}`)}</span>
          {step.state === 'done' && fact && <span className="text-12 font-normal text-fg-muted">{fact}</span>}
        </p>
        {(step.state === 'next' || (step.state === 'now' && !children)) && <p className="text-12 text-fg-muted">{t(`firstRun.help.${step.key}`)}</p>}
        {children}
      </div>
    </li>
  );
}

/** The row of a request appears as soon as its reply ends. */
function useRequest(requestId: string | undefined) {
  const row = useQuery({ ...queries.log(requestId ?? ''), enabled: requestId !== undefined, retry: 5, retryDelay: 400 });
  return row.data;
}

function RouteStep({ requestId }: { requestId: string }) {
  const { t } = useTranslation();
  const log = useRequest(requestId);
  if (!log) return <p className="mt-2 text-12 text-fg-muted">{t('firstRun.waiting')}</p>;
  return (
    <div className="mt-2 flex flex-col items-start gap-3">
      <RouteSentence chain={readChain(log.decisionChain, log)} log={log} />
      <span className="flex flex-wrap gap-2">
        <Link to="/logs/$id" params={{ id: log.id }} className={buttonClass('primary')}>
          {t('firstRun.openRoute')}
        </Link>
        <Link to="/users" className={buttonClass()}>
          {t('firstRun.setLimit')}
        </Link>
        <Link to="/providers" search={{ edit: 'new' }} className={buttonClass()}>
          {t('firstRun.addSecond')}
        </Link>
      </span>
    </div>
  );
}

function LiveRoute({ requestId }: { requestId: string | undefined }) {
  const { t } = useTranslation();
  const log = useRequest(requestId);
  return (
    <Panel label={t('firstRun.liveRoute')}>
      <PanelTitle title={t('firstRun.liveRoute')} />
      {log ? <RouteSteps chain={readChain(log.decisionChain, log)} /> : <p className="px-4 pb-4 text-12 text-fg-muted">{t('firstRun.liveRouteHelp')}</p>}
    </Panel>
  );
}
