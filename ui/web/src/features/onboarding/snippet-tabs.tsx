import { useTranslation } from 'react-i18next';
import { CopyBlock } from '@/components/ui/copy';
import { Tabs } from '@/components/ui/tabs';
import { clients, snippets } from './snippets';

interface SnippetTabsProps {
  client: string;
  onClient: (client: string) => void;
  origin: string;
  secret: string;
}

export function SnippetTabs({ client, onClient, origin, secret }: SnippetTabsProps) {
  const { t } = useTranslation();
  return (
    <Tabs
      label={t('clients.label')}
      value={client}
      onChange={onClient}
      tabs={clients.map((name) => ({
        value: name,
        label: t(`clients.${name}`),
        content: (
          <div className="flex flex-col gap-3 pt-3">
            {snippets(name, origin, secret).map((snippet) => (
              <div key={snippet.text}>
                <p className="mb-1 text-12 text-fg-muted">{snippet.file ? t('clients.file', { file: snippet.file }) : t('clients.shell')}</p>
                <CopyBlock lines value={snippet.text} label={snippet.file ?? t('clients.shell')} />
              </div>
            ))}
          </div>
        ),
      }))}
    />
  );
}
