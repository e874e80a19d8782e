import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { testRequestFilter } from '@/api/mutations';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Diff } from '@/components/ui/diff';
import { TextAreaField } from '@/components/ui/field';
import { ErrorNotice } from '@/components/ui/notice';
import { Badge, type BadgeTone } from '@/components/ui/state';
import { fieldErrors } from '@/lib/field-errors';
import { prettyJson } from '@/lib/json';
import { effectInput, type FilterDraft } from './draft';
import { exampleBody, exampleHeaders, headerLines, readBody, readHeaders } from './trial';

type Request = Pick<Parameters<typeof testRequestFilter>[0], 'headers'> & { body: Record<string, unknown> };
type Outcome = Awaited<ReturnType<typeof testRequestFilter>>;

/** Shows what a filter would make of a request; nothing is stored or sent. */
export function TrialDialog({ filter, onClose }: { filter: FilterDraft; onClose: () => void }) {
  const { t } = useTranslation();
  const [body, setBody] = useState(exampleBody);
  const [headers, setHeaders] = useState(exampleHeaders);
  const trial = useMutation({
    mutationFn: async (request: Request) => ({ request, outcome: await testRequestFilter({ filter: effectInput(filter), ...request }) }),
  });
  const read = { body: readBody(body), headers: readHeaders(headers) };
  const refused = fieldErrors(trial.error);
  const run = () => {
    if (read.body && read.headers) trial.mutate({ body: read.body, headers: read.headers });
  };
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={t('filters.trialTitle', { name: filter.name || t('filters.newTitle') })}
      description={t('filters.trialHelp')}
      footer={
        <>
          <Button onClick={onClose}>{t('common.close')}</Button>
          <Button tone="primary" busy={trial.isPending} disabled={trial.isPending || !read.body || !read.headers} onClick={run}>
            {t('filters.try')}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <TextAreaField label={t('filters.trialHeaders')} error={read.headers ? refused.headers : t('filters.headersFault')} value={headers} onValue={setHeaders} rows={2} spellCheck={false} mono />
        <TextAreaField label={t('filters.trialBody')} error={read.body ? refused.body : t('filters.bodyFault')} value={body} onValue={setBody} rows={9} spellCheck={false} mono />
        {trial.isError && (
          <div>
            <ErrorNotice error={trial.error} title={t('filters.trialFailed')} />
            {refused.filter && <p className="mt-1.5 text-12 text-err">{refused.filter}</p>}
          </div>
        )}
        <div aria-live="polite">{trial.data && <Verdict {...trial.data} />}</div>
      </div>
    </Dialog>
  );
}

/** How an outcome reads: its words and whether they are worth a colour. */
function verdictOf({ changed, failed }: Outcome): { key: 'failed' | 'changed' | 'unchanged'; tone: BadgeTone } {
  if (failed) return { key: 'failed', tone: 'limited' };
  return changed ? { key: 'changed', tone: 'ok' } : { key: 'unchanged', tone: 'off' };
}

function Verdict({ request, outcome }: { request: Request; outcome: Outcome }) {
  const { t } = useTranslation();
  const verdict = verdictOf(outcome);
  return (
    <div className="flex flex-col gap-3" data-verdict={verdict.key}>
      <p className="flex items-start gap-2 text-13">
        <Badge tone={verdict.tone}>{t(`filters.verdict.${verdict.key}`)}</Badge>
        <span className="pt-px">{t(`filters.verdictHelp.${verdict.key}`)}</span>
      </p>
      {outcome.changed && (
        <>
          <Diff label={t('filters.trialHeaders')} before={headerLines(request.headers ?? {})} after={headerLines(outcome.headers)} />
          <Diff label={t('filters.trialBody')} before={prettyJson(request.body)} after={prettyJson(outcome.body)} />
        </>
      )}
    </div>
  );
}
