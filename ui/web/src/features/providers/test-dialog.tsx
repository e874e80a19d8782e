import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { testProvider } from '@/api/mutations';
import type { ProviderTestInput, ProviderTestResult, ProviderType } from '@/api/types';
import { Button } from '@/components/ui/button';
import { CopyBlock } from '@/components/ui/copy';
import { Dialog } from '@/components/ui/dialog';
import { ErrorNotice } from '@/components/ui/notice';
import { Spinner } from '@/components/ui/spinner';
import { Badge, type Tone } from '@/components/ui/state';
import { useFormat } from '@/i18n/use-format';

const tones: Record<ProviderTestResult['status'], Extract<Tone, 'ok' | 'limited' | 'open'>> = { green: 'ok', yellow: 'limited', red: 'open' };

/** The cause in plain words, and what to do about it. */
export function TestVerdict({ result }: { result: ProviderTestResult }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const key = `providers.verdict.${result.subStatus}`;
  const facts: [string, string][] = [
    [t('providers.result.http'), result.httpStatus ? String(result.httpStatus) : '–'],
    [t('providers.result.latency'), format.latency(result.latencyMs)],
    [t('providers.result.firstByte'), format.latency(result.firstByteMs)],
    [t('providers.result.model'), result.model ?? '–'],
    [t('providers.result.content'), result.content ?? '–'],
  ];
  const url = result.attempts.at(-1)?.url;
  if (url) facts.push([t('providers.result.url'), url]);
  return (
    <div>
      <p className="flex items-start gap-2 text-13">
        <Badge tone={tones[result.status]}>{t(`providers.verdictWord.${result.status}`)}</Badge>
        <span className="pt-px">{i18n.exists(key) ? t(key, { status: result.httpStatus ?? 0 }) : (result.error ?? result.subStatus)}</span>
      </p>
      {result.error && <p className="mt-2 text-12 break-words text-fg-muted">{result.error}</p>}
      <dl className="mt-3 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-12">
        {facts.map(([label, value]) => (
          <div key={label} className="contents">
            <dt className="text-fg-muted">{label}</dt>
            <dd className="min-w-0 break-words">{value}</dd>
          </div>
        ))}
      </dl>
      {result.rawSample && (
        <details className="mt-3 text-12">
          <summary className="cursor-pointer text-fg-muted">{t('providers.result.raw')}</summary>
          <div className="mt-2">
            <CopyBlock lines value={result.rawSample} label={t('providers.result.raw')} />
          </div>
        </details>
      )}
    </div>
  );
}

interface TestDialogProps {
  title: string;
  input: ProviderTestInput;
  type: ProviderType;
  onClose: () => void;
}

/** Runs the connectivity test at once and again on request. */
export function TestDialog({ title, input, type, onClose }: TestDialogProps) {
  const { t } = useTranslation();
  const test = useMutation({ mutationFn: testProvider });
  const { mutate } = test;
  useEffect(() => {
    mutate(input);
    // One test per opening; "Test again" runs the others.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={t('providers.testTitle', { name: title })}
      description={t('providers.testHelp', { type: t(`types.${type}`) })}
      footer={
        <>
          <Button onClick={onClose}>{t('common.close')}</Button>
          <Button tone="primary" busy={test.isPending} onClick={() => mutate(input)}>
            {t('providers.testAgain')}
          </Button>
        </>
      }
    >
      <div aria-live="polite" className="min-h-32">
        {test.isPending && (
          <p className="flex items-center gap-2 text-13 text-fg-muted">
            <Spinner /> {t('providers.testing')}
          </p>
        )}
        {test.isError && <ErrorNotice error={test.error} title={t('providers.testFailed')} />}
        {test.data && <TestVerdict result={test.data} />}
      </div>
    </Dialog>
  );
}
