import { Send } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { protocolOf, sendFirstRequest } from '@/api/gateway';
import type { Provider } from '@/api/types';
import { publicOrigin } from '@/boot';
import { Button } from '@/components/ui/button';
import { CopyBlock } from '@/components/ui/copy';
import { TextField } from '@/components/ui/field';
import { Mark } from '@/components/ui/marks';
import { ErrorNotice } from '@/components/ui/notice';
import { State } from '@/components/ui/state';
import { Tabs } from '@/components/ui/tabs';
import { SnippetTabs } from './snippet-tabs';
import { KEY_PLACEHOLDER } from './snippets';

interface FirstRequestProps {
  providers: Provider[];
  /** The key made on this page, if it still knows it. */
  secret: string | undefined;
  onSecret: (secret: string) => void;
  onAnswered: (requestId: string) => void;
}

/** Sends a request from the browser, or shows how a client does. */
export function FirstRequest({ providers, secret, onSecret, onAnswered }: FirstRequestProps) {
  const { t } = useTranslation();
  const [tab, setTab] = useState('browser');
  const [client, setClient] = useState('claude');
  return (
    <div className="mt-3 flex flex-col gap-3">
      {secret && (
        <div>
          <p className="mb-1 text-12 text-fg-muted">{t('keys.createdHelp')}</p>
          <CopyBlock value={secret} label={t('keys.secret')} />
        </div>
      )}
      <Tabs
        label={t('firstRun.step.request')}
        value={tab}
        onChange={setTab}
        tabs={[
          { value: 'browser', label: t('firstRun.inBrowser'), content: <Sender providers={providers} secret={secret} onSecret={onSecret} onAnswered={onAnswered} /> },
          {
            value: 'client',
            label: t('firstRun.withClient'),
            content: (
              <div className="pt-2">
                <SnippetTabs client={client} onClient={setClient} origin={publicOrigin()} secret={secret ?? KEY_PLACEHOLDER} />
              </div>
            ),
          },
        ]}
      />
    </div>
  );
}

function Sender({ providers, secret, onSecret, onAnswered }: FirstRequestProps) {
  const { t } = useTranslation();
  const type = providers.find((provider) => provider.isEnabled)?.type ?? 'claude';
  const protocol = protocolOf(type);
  const [typed, setTyped] = useState('');
  const [model, setModel] = useState(protocol.model);
  const [reply, setReply] = useState('');
  const [state, setState] = useState<'idle' | 'streaming' | 'done'>('idle');
  const [error, setError] = useState<unknown>();
  const running = useRef<AbortController>(undefined);
  const key = secret ?? typed.trim();
  const prompt = t('firstRun.prompt');

  const send = async () => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setReply('');
    setError(undefined);
    setState('streaming');
    try {
      const id = await sendFirstRequest(protocol, { key, model, prompt }, (text) => setReply((before) => before + text), controller.signal);
      setState('done');
      if (id) onAnswered(id);
    } catch (cause) {
      setState('idle');
      setError(cause);
    }
  };

  return (
    <div className="flex flex-col gap-3 pt-3">
      {!secret && (
        <TextField
          label={t('login.key')}
          help={t('firstRun.keyUnknown')}
          value={typed}
          onValue={setTyped}
          onBlur={() => {
            if (/^sk-\S{20,}$/.test(typed.trim())) onSecret(typed.trim());
          }}
          mono
          type="password"
          autoComplete="off"
          className="max-w-md"
        />
      )}
      <TextField label={t('requests.model')} value={model} onValue={setModel} className="max-w-md" />
      <div className="rounded-md border border-line-strong p-3">
        <p className="flex flex-wrap items-center gap-2 text-12 text-fg-muted">
          <span className="inline-flex items-center gap-1.5 rounded-sm bg-press px-1.5 py-0.5 font-medium text-fg-2">
            <Mark type={type} size={13} />
            {model}
          </span>
          <span className="min-w-0 truncate">{`POST /${protocol.path(model)}`}</span>
          {state === 'streaming' && (
            <span className="ml-auto">
              <State tone="live">{t('sessions.streaming')}</State>
            </span>
          )}
        </p>
        <p className="mt-3 ml-auto w-fit max-w-[80%] rounded-md bg-sunken px-3 py-1.5 text-13">{prompt}</p>
        <p className="mt-3 min-h-5 text-14 break-words whitespace-pre-wrap" aria-live="polite">
          {reply}
          {state === 'streaming' && <span className="pulse ml-0.5 inline-block h-4 w-2 translate-y-0.5 bg-accent" aria-hidden="true" />}
        </p>
      </div>
      {error !== undefined && <ErrorNotice error={error} title={t('firstRun.failed')} />}
      <div>
        <Button tone="primary" busy={state === 'streaming'} disabled={key === '' || model.trim() === ''} onClick={() => void send()}>
          <Send size={14} aria-hidden="true" />
          {state === 'done' ? t('firstRun.sendAgain') : t('firstRun.send')}
        </Button>
      </div>
    </div>
  );
}
