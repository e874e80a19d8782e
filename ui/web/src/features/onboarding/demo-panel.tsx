import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { removeDemo, setDemoBehaviour, setDemoTraffic } from '@/api/mutations';
import type { SetupState } from '@/api/types';
import { Panel, PanelTitle } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { showToast } from '@/components/ui/toast';
import { Switch } from '@/components/ui/toggle';
import { useErrorText } from '@/i18n/error-text';
import { cn } from '@/lib/cn';

const modes = ['healthy', 'slow_first_byte', '429', '500', 'cut', 'empty'] as const;

/** Makes the demo upstream misbehave, so that breaker and failover can be watched. */
export function DemoPanel({ state }: { state: SetupState }) {
  const { t } = useTranslation();
  const text = useErrorText();
  const client = useQueryClient();
  const mode = state.demoMode ?? 'healthy';
  const onError = (error: unknown) => showToast({ tone: 'open', title: t('firstRun.demoFailed'), detail: text(error) });
  const behave = useMutation({ mutationFn: setDemoBehaviour, onSuccess: () => client.invalidateQueries({ queryKey: ['setup'] }), onError });
  const traffic = useMutation({ mutationFn: setDemoTraffic, onSuccess: () => client.invalidateQueries({ queryKey: ['setup'] }), onError });
  const remove = useMutation({ mutationFn: removeDemo, onSuccess: () => client.invalidateQueries(), onError });
  return (
    <Panel label={t('firstRun.demoTitle')}>
      <PanelTitle
        title={t('firstRun.demoTitle')}
        actions={
          <Button tone="ghost" size="sm" busy={remove.isPending} onClick={() => remove.mutate()}>
            {t('firstRun.demoRemove')}
          </Button>
        }
      />
      <div className="px-4 pb-4">
        <p className="text-12 text-fg-muted">{t('firstRun.demoDial')}</p>
        <div className="mt-2 grid grid-cols-2 gap-2 sm:grid-cols-3" role="group" aria-label={t('firstRun.demoDial')}>
          {modes.map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={mode === name}
              onClick={() => behave.mutate(name)}
              className={cn('h-[30px] rounded-md border text-12 font-medium', mode === name ? 'border-accent bg-accent-tint text-accent-on-tint' : 'border-line-strong hover:bg-hover')}
            >
              {t(`firstRun.mode.${name}`)}
            </button>
          ))}
        </div>
        <div className="mt-3">
          <Switch label={t('firstRun.traffic')} checked={state.demo === 'running'} onChange={(on) => traffic.mutate(on)}>
            {t('firstRun.traffic')}
          </Switch>
        </div>
      </div>
    </Panel>
  );
}
