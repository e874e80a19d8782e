import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { publicOrigin } from '@/boot';
import { Panel, PanelPage } from '@/components/shell/page';
import { TextField } from '@/components/ui/field';
import { SnippetTabs } from './snippet-tabs';
import { KEY_PLACEHOLDER } from './snippets';

/** How to point a client at this gateway, with its real address. The key stays in the page. */
export function ClientsPage() {
  const { t } = useTranslation();
  const [client, setClient] = useState('claude');
  const [key, setKey] = useState('');
  return (
    <PanelPage className="max-w-[860px]!">
      <h1 className="text-20 font-semibold tracking-[-0.011em]">{t('clients.title')}</h1>
      <p className="mt-1 mb-5 text-14 text-fg-muted">{t('clients.help')}</p>
      <Panel label={t('clients.title')} className="p-5">
        <TextField
          label={t('clients.key')}
          help={t('clients.keyHelp')}
          value={key}
          onValue={(value) => setKey(value.trim())}
          mono
          type="password"
          autoComplete="off"
          placeholder={KEY_PLACEHOLDER}
          className="mb-4 max-w-md"
        />
        <SnippetTabs client={client} onClient={setClient} origin={publicOrigin()} secret={key || KEY_PLACEHOLDER} />
      </Panel>
    </PanelPage>
  );
}
