import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { FlaskConical } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isApiError } from '@/api/error';
import { createProvider, updateProvider } from '@/api/mutations';
import type { Provider, ProviderHealth, ProviderTestInput } from '@/api/types';
import { Button } from '@/components/ui/button';
import { FormSheet, type FormSection } from '@/components/ui/form-sheet';
import { Mark } from '@/components/ui/marks';
import { ErrorNotice } from '@/components/ui/notice';
import { showToast } from '@/components/ui/toast';
import { useNow } from '@/lib/clock';
import { useDraft } from '@/lib/draft';
import { AccountSection } from './account-section';
import { BreakerState } from './breaker-cell';
import { bounds, newProvider, providerDraft, providerErrors, providerInput, type ProviderDraft, type ProviderErrors } from './draft';
import { Section, sectionFields, sectionKeys, sectionWarning } from './sections';
import { TestDialog } from './test-dialog';

interface ProviderSheetProps {
  /** Undefined creates a new one. */
  provider: Provider | undefined;
  peers: Provider[];
  health: ProviderHealth | undefined;
  onClose: () => void;
  onSaved: () => void;
}

/** Fields of the API's validation errors, under the form's names. */
const apiFields: Record<string, keyof ProviderDraft> = {
  firstByteTimeoutStreamingMs: 'firstByteSeconds',
  streamingIdleTimeoutMs: 'idleSeconds',
  requestTimeoutNonStreamingMs: 'totalSeconds',
  openDurationMs: 'openMinutes',
};

/** Messages of a refused save, by field. */
function serverErrors(error: unknown): ProviderErrors {
  if (!isApiError(error, 400)) return {};
  const errors: ProviderErrors = {};
  for (const param of error.invalidParams) {
    const name = param.path.findLast((part) => typeof part === 'string') ?? '';
    errors[apiFields[name] ?? (name as keyof ProviderDraft)] = param.message ?? param.code ?? '';
  }
  return errors;
}

export function ProviderSheet({ provider, peers, health, onClose, onSaved }: ProviderSheetProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const isNew = provider === undefined;
  const draft = useDraft<ProviderDraft>(providerDraft(provider));
  const [checked, setChecked] = useState(false);
  const [testing, setTesting] = useState<ProviderTestInput>();
  const [base, setBase] = useState(provider);

  const found = providerErrors(draft.values, draft.initial, isNew);
  const save = useMutation({
    mutationFn: () => {
      const { values, initial } = draft;
      return base === undefined ? createProvider(newProvider(values, initial)) : updateProvider(base.id, base.version, providerInput(values, initial));
    },
    onSuccess: async (saved) => {
      draft.reset(providerDraft(saved));
      await Promise.all([client.invalidateQueries({ queryKey: ['providers'] }), client.invalidateQueries({ queryKey: ['providers-health'] })]);
      showToast({ tone: 'ok', title: isNew ? t('providers.created') : t('providers.saved'), detail: saved.name });
      onSaved();
    },
  });
  const refused = serverErrors(save.error);
  const errors: ProviderErrors = checked ? { ...refused, ...mapValues(found, t) } : refused;
  const onSave = () => {
    setChecked(true);
    if (Object.keys(found).length > 0) {
      requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-sheet-body] [aria-invalid="true"]')?.focus());
      return;
    }
    save.mutate();
  };
  const stale = isApiError(save.error, 412);
  const takeTheirs = () => {
    const current = save.error && isApiError(save.error) ? (save.error.current as Provider | undefined) : undefined;
    save.reset();
    if (current) setBase(current);
    void client.invalidateQueries({ queryKey: ['providers'] });
  };

  const sections = sectionKeys.map((key): FormSection => {
    const fields = sectionFields[key];
    const changed = fields.filter((name) => draft.isChanged(name)).length;
    return {
      key,
      title: t(`providers.section.${key}`),
      changed,
      state: fields.some((name) => errors[name]) ? 'error' : sectionWarning(key, draft.values) ? 'warning' : changed > 0 ? 'changed' : 'default',
      content: <Section name={key} draft={draft} errors={errors} isNew={isNew} provider={provider} peers={peers} />,
    };
  });
  const name = draft.values.name || t('providers.newTitle');
  if (provider) {
    sections.push({
      key: 'account',
      title: t('providers.account.title'),
      changed: 0,
      state: health?.account.status === 'failed' ? 'warning' : 'default',
      content: <AccountSection provider={provider} />,
    });
  }

  return (
    <>
      <FormSheet
        label={name}
        title={<SheetTitle draft={draft.values} name={name} provider={provider} health={health} />}
        sections={sections}
        changes={describe(draft.changed, draft.values, draft.initial, t)}
        saveLabel={isNew ? t('providers.create') : t('common.save')}
        busy={save.isPending}
        onSave={onSave}
        onClose={onClose}
        notice={
          save.isError && Object.keys(refused).length === 0 ? (
            <ErrorNotice
              error={save.error}
              title={stale ? t('providers.stale') : t('providers.saveFailed')}
              onRetry={stale ? takeTheirs : undefined}
              className="mb-4"
            />
          ) : null
        }
        extra={
          <Button onClick={() => setTesting(testInput(draft.values, draft.initial, provider))}>
            <FlaskConical size={14} aria-hidden="true" />
            {t('providers.test')}
          </Button>
        }
      />
      {testing && <TestDialog title={name} type={draft.values.type} input={testing} onClose={() => setTesting(undefined)} />}
    </>
  );
}

function SheetTitle({ draft, name, provider, health }: { draft: ProviderDraft; name: string; provider: Provider | undefined; health: ProviderHealth | undefined }) {
  const { t } = useTranslation();
  const now = useNow(1000);
  return (
    <div className="flex min-w-0 items-center gap-3">
      <Mark type={draft.type} size={18} />
      <div className="min-w-0">
        <p className="truncate text-14 font-semibold">{name}</p>
        <p className="truncate text-12 text-fg-muted">{t(`types.${draft.type}`)}</p>
      </div>
      {provider && (
        <span className="hidden text-12 sm:block">
          <BreakerState provider={provider} health={health} now={now} />
        </span>
      )}
    </div>
  );
}

function mapValues(errors: ProviderErrors, t: TFunction): ProviderErrors {
  return Object.fromEntries(
    Object.entries(errors).map(([name, key]) => [name, t(key, { ...bounds[name as keyof ProviderDraft] })]),
  );
}

/** "Weight 50 → 65"; credentials and long values by name alone. */
function describe(changed: (keyof ProviderDraft)[], values: ProviderDraft, initial: ProviderDraft, t: TFunction): string[] {
  return changed.map((name) => {
    const label = t(`providers.field.${name}`);
    const [before, after] = [initial[name], values[name]];
    const short = typeof before === 'string' && typeof after === 'string' && before !== '' && after.length <= 24 && before.length <= 24;
    return short && name !== 'key' && name !== 'proxyUrl' ? `${label} ${before} → ${after || t('common.noLimit')}` : label;
  });
}

/** Unsaved values are tested as they stand; a stored provider supplies its key unless a new one is typed. */
function testInput(values: ProviderDraft, initial: ProviderDraft, provider: Provider | undefined): ProviderTestInput {
  const sameCall = provider && values.url === initial.url && values.type === initial.type && values.key === '' && values.proxyUrl === '';
  if (sameCall) return { providerId: provider.id };
  return {
    draftOf: provider?.id,
    type: values.type,
    url: values.url.trim(),
    key: values.key.trim() || undefined,
    proxyUrl: values.proxyUrl.trim() || undefined,
  };
}
