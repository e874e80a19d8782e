import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { importPrices } from '@/api/mutations';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { ErrorNotice } from '@/components/ui/notice';
import { showToast } from '@/components/ui/toast';
import { Checkbox } from '@/components/ui/toggle';
import { reportText } from './report';

/** Uploads a price list. What it would change is shown before anything does. */
export function UploadDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [file, setFile] = useState<File>();
  const [overwrite, setOverwrite] = useState(false);
  const send = (dryRun: boolean, list: File, all: boolean) => importPrices(list, { dryRun, overwrite: all ? ['*'] : undefined });
  const preview = useMutation({ mutationFn: ({ list, all }: { list: File; all: boolean }) => send(true, list, all) });
  const upload = useMutation({
    mutationFn: (list: File) => send(false, list, overwrite),
    onSuccess: async (report) => {
      await client.invalidateQueries({ queryKey: ['prices'] });
      showToast({ tone: 'ok', title: t('prices.uploaded'), detail: reportText(t, report) });
      onClose();
    },
  });
  const look = (list: File | undefined, all: boolean) => {
    setFile(list);
    setOverwrite(all);
    upload.reset();
    if (list) preview.mutate({ list, all });
    else preview.reset();
  };
  const report = preview.data;
  const fault = upload.error ?? preview.error;
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={t('prices.uploadTitle')}
      description={t('prices.uploadHelp')}
      footer={
        <>
          <Button onClick={onClose}>{t('common.close')}</Button>
          <Button tone="primary" busy={upload.isPending} disabled={!file || !report || upload.isPending || report.added + report.updated === 0} onClick={() => file && upload.mutate(file)}>
            {t('prices.upload')}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label={t('prices.file')}>
          {(ids) => (
            <input {...ids} type="file" accept=".json,.toml,application/json" className="text-13 file:mr-3 file:h-[30px] file:rounded-md file:border file:border-line-strong file:bg-panel file:px-2.5 file:text-13 file:font-medium" onChange={(event) => look(event.target.files?.[0], overwrite)} />
          )}
        </Field>
        <Checkbox checked={overwrite} onChange={(all) => look(file, all)} label={t('prices.overwrite')} />
        {fault && <ErrorNotice error={fault} title={t('prices.uploadFailed')} />}
        {report && (
          <div className="rounded-md bg-sunken px-3 py-2 text-12" data-report>
            <p className="font-medium">{t('prices.preview', { format: report.format, count: report.models })}</p>
            <p className="text-fg-muted">{reportText(t, report)}</p>
            {report.conflicts.length > 0 && <p className="mt-1 text-fg-muted">{t('prices.conflicting', { names: report.conflicts.slice(0, 8).map(({ name }) => name).join(', ') })}</p>}
          </div>
        )}
      </div>
    </Dialog>
  );
}
