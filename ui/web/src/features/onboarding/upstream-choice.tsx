import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { FlaskConical, Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { startDemo } from '@/api/mutations';
import { Button, buttonClass } from '@/components/ui/button';
import { ErrorNotice } from '@/components/ui/notice';

/** The demo upstream where the server offers it, and always the own provider. */
export function UpstreamChoice({ demo, onKey }: { demo: boolean; onKey: (secret: string) => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const start = useMutation({
    mutationFn: startDemo,
    onSuccess: async (answer) => {
      onKey(answer.key.secret);
      await client.invalidateQueries();
    },
  });
  return (
    <div className="mt-3 flex flex-col gap-3">
      {start.isError && <ErrorNotice error={start.error} title={t('firstRun.demoFailed')} />}
      <div className="grid grid-cols-1 gap-3 sm:grid-cols-2">
        {demo && (
          <div className="flex flex-col items-start gap-2 rounded-md border border-line p-4">
            <p className="text-13 font-semibold">{t('firstRun.demoTitle')}</p>
            <p className="flex-1 text-12 text-fg-muted">{t('firstRun.demoHelp')}</p>
            <Button tone="primary" busy={start.isPending} onClick={() => start.mutate()}>
              <FlaskConical size={14} aria-hidden="true" />
              {t('firstRun.demoStart')}
            </Button>
          </div>
        )}
        <div className="flex flex-col items-start gap-2 rounded-md border border-line p-4">
          <p className="text-13 font-semibold">{t('firstRun.ownTitle')}</p>
          <p className="flex-1 text-12 text-fg-muted">{t('firstRun.ownHelp')}</p>
          <Link to="/providers" search={{ edit: 'new', back: 'setup' }} className={buttonClass(demo ? 'secondary' : 'primary')}>
            <Plus size={14} aria-hidden="true" />
            {t('providers.add')}
          </Link>
        </div>
      </div>
    </div>
  );
}
