import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CreatedKey } from '@/api/types';
import { publicOrigin } from '@/boot';
import { Button } from '@/components/ui/button';
import { CopyBlock } from '@/components/ui/copy';
import { Dialog } from '@/components/ui/dialog';
import { SnippetTabs } from '@/features/onboarding/snippet-tabs';

/** The one time a key is shown, with ready client settings. */
export function SecretDialog({ created, onClose }: { created: CreatedKey; onClose: () => void }) {
  const { t } = useTranslation();
  const [client, setClient] = useState('claude');
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={t('keys.createdTitle', { name: created.name })}
      description={t('keys.createdHelp')}
      footer={
        <Button tone="primary" onClick={onClose}>
          {t('keys.stored')}
        </Button>
      }
    >
      <CopyBlock value={created.secret} label={t('keys.secret')} />
      <h3 className="mt-5 mb-1 text-13 font-semibold">{t('keys.useIt')}</h3>
      <SnippetTabs client={client} onClient={setClient} origin={publicOrigin()} secret={created.secret} />
    </Dialog>
  );
}
