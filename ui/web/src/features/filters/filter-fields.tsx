import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import { ChoiceList } from '@/components/ui/choice-list';
import { SelectField, TextAreaField, TextField } from '@/components/ui/field';
import { Switch } from '@/components/ui/toggle';
import type { Draft } from '@/lib/draft';
import { bindings, kinds, matchTypes, phases, type FilterDraft } from './draft';

export interface FilterFieldsProps {
  draft: Draft<FilterDraft>;
  /** Texts of what is wrong, by field. */
  errors: Partial<Record<keyof FilterDraft, string>>;
}

export function BasicFields({ draft, errors, isNew }: FilterFieldsProps & { isNew: boolean }) {
  const { t } = useTranslation();
  const { values, set } = draft;
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
      <TextField label={t('filters.field.name')} value={values.name} onValue={(value) => set('name', value)} error={errors.name} autoFocus={isNew} required maxLength={100} />
      <TextField label={t('filters.field.priority')} help={t('filters.priorityHelp')} value={values.priority} onValue={(value) => set('priority', value)} error={errors.priority} inputMode="numeric" />
      <Switch label={t('filters.field.isEnabled')} checked={values.isEnabled} onChange={(on) => set('isEnabled', on)}>
        {t('filters.field.isEnabled')}
      </Switch>
    </div>
  );
}

export function EffectFields({ draft, errors }: FilterFieldsProps) {
  const { t } = useTranslation();
  const { values, set } = draft;
  const { kind } = values;
  const chosen = kinds.map((value) => ({ value, label: t(`filters.kind.${value}`) }));
  return (
    <div className="flex flex-col gap-4">
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
        <SelectField label={t('filters.field.kind')} value={kind} onValue={(value) => set('kind', value as FilterDraft['kind'])} options={chosen} error={errors.kind} />
        {kind === 'replaceText' && (
          <SelectField
            label={t('filters.field.matchType')}
            help={t(`filters.matchHelp.${values.matchType}`)}
            value={values.matchType}
            onValue={(value) => set('matchType', value as FilterDraft['matchType'])}
            options={matchTypes.map((value) => ({ value, label: t(`match.${value}`) }))}
            error={errors.matchType}
          />
        )}
      </div>
      {kind === 'operations' ? (
        <TextAreaField
          label={t('filters.field.operations')}
          help={t('filters.operationsHelp')}
          value={values.operations}
          onValue={(value) => set('operations', value)}
          error={errors.operations}
          rows={14}
          spellCheck={false}
          mono
        />
      ) : (
        <TextField label={t(`filters.target.${kind}`)} help={t(`filters.targetHelp.${kind}`)} value={values.target} onValue={(value) => set('target', value)} error={errors.target} spellCheck={false} mono />
      )}
      {kind === 'setValue' && (
        <TextAreaField label={t('filters.value')} help={t('filters.valueHelp')} value={values.replacement} onValue={(value) => set('replacement', value)} error={errors.replacement} rows={4} spellCheck={false} mono />
      )}
      {(kind === 'setHeader' || kind === 'replaceText') && (
        <TextField
          label={t(kind === 'setHeader' ? 'filters.value' : 'filters.field.replacement')}
          value={values.replacement}
          onValue={(value) => set('replacement', value)}
          error={errors.replacement}
          spellCheck={false}
          mono
        />
      )}
    </div>
  );
}

export function BindingFields({ draft, errors }: FilterFieldsProps) {
  const { t } = useTranslation();
  const providers = useQuery(queries.providers()).data ?? [];
  const groups = useQuery(queries.groups()).data ?? [];
  const { values, set } = draft;
  const options = (items: readonly { id: number; name: string }[]) => items.map(({ id, name }) => ({ value: id, label: name }));
  return (
    <div className="flex flex-col gap-4">
      <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
        <SelectField
          label={t('filters.field.binding')}
          value={values.binding}
          onValue={(value) => set('binding', value as FilterDraft['binding'])}
          options={bindings.map((value) => ({ value, label: t(`filters.binding.${value}`) }))}
          error={errors.binding}
        />
        <SelectField
          label={t('filters.field.phase')}
          help={t(`filters.phaseHelp.${values.phase}`)}
          value={values.phase}
          onValue={(value) => set('phase', value as FilterDraft['phase'])}
          options={phases.map((value) => ({ value, label: t(`filters.phase.${value}`) }))}
          error={errors.phase}
        />
      </div>
      {values.binding === 'providers' && (
        <ChoiceList label={t('filters.field.providerIds')} value={values.providerIds} onValue={(ids) => set('providerIds', ids)} options={options(providers)} error={errors.providerIds} />
      )}
      {values.binding === 'groups' && (
        <ChoiceList label={t('filters.field.groupIds')} value={values.groupIds} onValue={(ids) => set('groupIds', ids)} options={options(groups)} error={errors.groupIds} />
      )}
    </div>
  );
}
