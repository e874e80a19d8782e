import { useTranslation } from 'react-i18next';
import type { Provider, ProviderType } from '@/api/types';
import { SelectField, TextAreaField, TextField } from '@/components/ui/field';
import { LimitsFields } from '@/components/ui/limits-fields';
import { TagsField } from '@/components/ui/tags';
import { Switch } from '@/components/ui/toggle';
import type { Draft } from '@/lib/draft';
import { limitNames, type LimitName } from '@/lib/limits';
import { providerTypes } from '@/lib/provider-types';
import { endpointPreview, recognise, switchesOf, type ProviderDraft, type ProviderErrors } from './draft';
import { Redirects } from './redirects';
import { SharePreview } from './share-preview';

export const sectionKeys = ['basic', 'routing', 'conversion', 'limits', 'breaker', 'network'] as const;
export type SectionKey = (typeof sectionKeys)[number];

export const sectionFields: Record<SectionKey, (keyof ProviderDraft)[]> = {
  basic: ['name', 'type', 'url', 'key', 'description', 'isEnabled'],
  routing: ['priority', 'weight', 'costMultiplier', 'groups', 'modelRedirects', 'allowedModels', 'allowedClients', 'blockedClients', 'activeTimeStart', 'activeTimeEnd', 'disableSessionReuse', 'draining', 'preserveClientIp'],
  conversion: ['acceptFormats', 'codexInstructions', 'alwaysStream', 'inlineRemoteMedia', 'developerRole', 'maxCompletionTokens', 'cacheBreakpoints', 'deriveCacheKey', 'autoCache', 'defaultMaxTokens', 'project'],
  limits: [...limitNames],
  breaker: ['failureThreshold', 'openMinutes', 'halfOpenSuccessThreshold', 'maxAttempts'],
  network: ['proxyUrl', 'removeProxy', 'proxyFallbackToDirect', 'firstByteSeconds', 'idleSeconds', 'totalSeconds'],
};

/** A threshold above this opens so late that it hardly protects anybody. */
const LATE_THRESHOLD = 20;

function thresholdWarning(draft: ProviderDraft): string | undefined {
  const threshold = Number(draft.failureThreshold);
  if (draft.failureThreshold.trim() !== '' && threshold === 0) return 'providers.breakerOff';
  return threshold > LATE_THRESHOLD ? 'providers.breakerLate' : undefined;
}

export function sectionWarning(name: SectionKey, draft: ProviderDraft): boolean {
  return name === 'breaker' && thresholdWarning(draft) !== undefined;
}

export interface SectionProps {
  draft: Draft<ProviderDraft>;
  errors: ProviderErrors;
  isNew: boolean;
  provider: Provider | undefined;
  peers: Provider[];
}

export function Section({ name, ...props }: SectionProps & { name: SectionKey }) {
  switch (name) {
    case 'basic':
      return <Basic {...props} />;
    case 'routing':
      return <RoutingFields {...props} />;
    case 'conversion':
      return <ConversionFields {...props} />;
    case 'limits':
      return <Limits {...props} />;
    case 'breaker':
      return <Breaker {...props} />;
    case 'network':
      return <Network {...props} />;
  }
}

type TextName = { [K in keyof ProviderDraft]: ProviderDraft[K] extends string ? K : never }[keyof ProviderDraft];

/** A text field bound to the draft; a changed value says what it was. */
function useField({ draft, errors }: SectionProps) {
  const { t } = useTranslation();
  return (name: TextName, unit?: string) => ({
    label: t(`providers.field.${name}`),
    value: draft.values[name],
    error: errors[name],
    suffix: draft.isChanged(name) && draft.initial[name] !== '' ? t('forms.was', { value: draft.initial[name] }) : unit,
    onValue: (value: string) => draft.set(name, value),
  });
}

function Basic(props: SectionProps) {
  const { t } = useTranslation();
  const { draft, isNew, provider } = props;
  const field = useField(props);
  const preview = endpointPreview(draft.values.type, draft.values.url);
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
      {isNew && (
        <TextAreaField
          className="sm:col-span-2"
          label={t('providers.paste')}
          help={t('providers.pasteHelp')}
          rows={2}
          mono
          value=""
          placeholder="ANTHROPIC_BASE_URL=https://…  ANTHROPIC_AUTH_TOKEN=sk-…"
          onValue={(text) => {
            const found = recognise(text);
            draft.merge({ ...found, name: draft.values.name || (found.name ?? '') });
          }}
        />
      )}
      <TextField {...field('name')} suffix={undefined} autoFocus={isNew} required maxLength={64} />
      <SelectField
        label={t('providers.field.type')}
        value={draft.values.type}
        onValue={(type) => draft.set('type', type as ProviderType)}
        options={providerTypes.map((type) => ({ value: type, label: t(`types.${type}`) }))}
      />
      <TextField
        {...field('url')}
        suffix={undefined}
        className="sm:col-span-2"
        mono
        required
        spellCheck={false}
        placeholder="https://api.example.com"
        help={preview ? t('providers.calls', { url: preview }) : t('providers.urlHelp')}
      />
      <TextField
        {...field('key')}
        mono
        required={isNew}
        type="password"
        autoComplete="off"
        spellCheck={false}
        placeholder={provider?.keyLast4 ? `••••••••${provider.keyLast4}` : ''}
        help={isNew ? t('providers.keyHelp') : t('providers.keyKept')}
      />
      <TextField {...field('description')} suffix={undefined} maxLength={200} />
      <Switch label={t('providers.field.isEnabled')} checked={draft.values.isEnabled} onChange={(on) => draft.set('isEnabled', on)}>
        {t('providers.field.isEnabled')}
      </Switch>
    </div>
  );
}

function RoutingFields(props: SectionProps) {
  const { t } = useTranslation();
  const { draft, errors, peers, provider } = props;
  const field = useField(props);
  const groups = [...new Set(peers.flatMap((peer) => peer.groups))].sort();
  return (
    <div className="flex flex-col gap-4">
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-3">
        <TextField {...field('priority')} inputMode="numeric" help={t('providers.priorityHelp')} />
        <TextField {...field('weight')} inputMode="numeric" help={t('providers.weightHelp')} />
        <TextField {...field('costMultiplier', '×')} inputMode="decimal" help={t('providers.costHelp')} />
      </div>
      <SharePreview draft={draft} provider={provider} peers={peers} />
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
        <TagsField label={t('providers.field.groups')} value={draft.values.groups} onValue={(value) => draft.set('groups', value)} addLabel={t('forms.addGroup')} suggestions={groups} error={errors.groups} />
      </div>
      <Redirects rules={draft.values.modelRedirects} onRules={(rules) => draft.set('modelRedirects', rules)} error={errors.modelRedirects} />
      <TextAreaField
        label={t('providers.field.allowedModels')}
        help={t('providers.allowedHelp')}
        rows={3}
        mono
        value={draft.values.allowedModels}
        onValue={(value) => draft.set('allowedModels', value)}
      />
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
        {(['allowedClients', 'blockedClients'] as const).map((name) => (
          <TextAreaField
            key={name}
            label={t(`providers.field.${name}`)}
            help={t('providers.clientsHelp')}
            rows={2}
            mono
            value={draft.values[name]}
            onValue={(value) => draft.set(name, value)}
          />
        ))}
        <TextField {...field('activeTimeStart')} suffix={undefined} mono placeholder="09:00" help={t('providers.hoursHelp')} />
        <TextField {...field('activeTimeEnd')} suffix={undefined} mono placeholder="18:00" />
      </div>
      <div className="flex flex-wrap gap-x-6 gap-y-2">
        <Switch label={t('providers.field.draining')} checked={draft.values.draining} onChange={(on) => draft.set('draining', on)}>
          {t('providers.field.draining')}
        </Switch>
        <Switch label={t('providers.field.disableSessionReuse')} checked={draft.values.disableSessionReuse} onChange={(on) => draft.set('disableSessionReuse', on)}>
          {t('providers.field.disableSessionReuse')}
        </Switch>
        <Switch label={t('providers.field.preserveClientIp')} checked={draft.values.preserveClientIp} onChange={(on) => draft.set('preserveClientIp', on)}>
          {t('providers.field.preserveClientIp')}
        </Switch>
      </div>
    </div>
  );
}

function ConversionFields(props: SectionProps) {
  const { t } = useTranslation();
  const { draft } = props;
  const field = useField(props);
  return (
    <div className="flex flex-col gap-4">
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
        <SelectField
          label={t('providers.field.acceptFormats')}
          value={draft.values.acceptFormats}
          onValue={(value) => draft.set('acceptFormats', value)}
          options={formatOptions(draft.initial.acceptFormats).map((value) => ({ value, label: value === 'native' || value === 'all' ? t(`providers.formats.${value}`) : value }))}
          help={t('providers.formatsHelp')}
        />
        {draft.values.type === 'codex' && (
          <SelectField
            label={t('providers.field.codexInstructions')}
            value={draft.values.codexInstructions}
            onValue={(value) => draft.set('codexInstructions', value)}
            options={['auto', 'force', 'keep'].map((value) => ({ value, label: t(`providers.codex.${value}`) }))}
          />
        )}
        {draft.values.type.startsWith('claude') && (
          <TextField {...field('defaultMaxTokens')} inputMode="numeric" placeholder="32000" help={t('providers.maxTokensHelp')} />
        )}
        {draft.values.type === 'gemini-cli' && <TextField {...field('project')} mono spellCheck={false} maxLength={128} help={t('providers.projectHelp')} />}
      </div>
      <div className="flex flex-col gap-2">
        {switchesOf(draft.values.type).map((name) => (
          <Switch key={name} label={t(`providers.field.${name}`)} checked={draft.values[name]} onChange={(on) => draft.set(name, on)}>
            {t(`providers.field.${name}`)}
          </Switch>
        ))}
      </div>
    </div>
  );
}

/** A list set elsewhere stays choosable. */
function formatOptions(stored: string): string[] {
  return [...new Set(['native', 'all', stored])];
}

function Limits({ draft, errors }: SectionProps) {
  return (
    <LimitsFields
      values={draft.values}
      initial={draft.initial}
      errors={errors}
      onValue={(name: LimitName, value) => draft.set(name, value)}
    />
  );
}

function Breaker(props: SectionProps) {
  const { t } = useTranslation();
  const field = useField(props);
  const warning = thresholdWarning(props.draft.values);
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-4">
      <TextField {...field('failureThreshold', t('units.failures'))} inputMode="numeric" help={t('providers.thresholdHelp')} warning={warning && t(warning)} />
      <TextField {...field('openMinutes', t('units.minutes'))} inputMode="decimal" help={t('providers.openHelp')} />
      <TextField {...field('halfOpenSuccessThreshold')} inputMode="numeric" help={t('providers.halfOpenHelp')} />
      <TextField {...field('maxAttempts')} inputMode="numeric" placeholder="2" help={t('providers.attemptsHelp')} />
    </div>
  );
}

function Network(props: SectionProps) {
  const { t } = useTranslation();
  const { draft, provider } = props;
  const field = useField(props);
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-3">
      <TextField
        {...field('proxyUrl')}
        className="sm:col-span-2"
        mono
        spellCheck={false}
        autoComplete="off"
        placeholder="socks5://user:password@host:1080"
        help={provider?.hasProxy ? t('providers.proxyKept') : t('providers.proxyHelp')}
      />
      <div className="flex flex-col justify-center gap-1.5">
        {provider?.hasProxy && (
          <Switch label={t('providers.field.removeProxy')} checked={draft.values.removeProxy} onChange={(on) => draft.set('removeProxy', on)}>
            {t('providers.field.removeProxy')}
          </Switch>
        )}
        <Switch label={t('providers.field.proxyFallbackToDirect')} checked={draft.values.proxyFallbackToDirect} onChange={(on) => draft.set('proxyFallbackToDirect', on)}>
          {t('providers.field.proxyFallbackToDirect')}
        </Switch>
      </div>
      <TextField {...field('firstByteSeconds', t('units.seconds'))} inputMode="decimal" placeholder={t('common.off')} help={t('providers.firstByteHelp')} />
      <TextField {...field('idleSeconds', t('units.seconds'))} inputMode="decimal" placeholder={t('common.off')} help={t('providers.idleHelp')} />
      <TextField {...field('totalSeconds', t('units.seconds'))} inputMode="decimal" placeholder={t('common.off')} help={t('providers.totalHelp')} />
    </div>
  );
}
