import { useMutation, useQueryClient } from '@tanstack/react-query';
import { FlaskConical } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isApiError } from '@/api/error';
import { createRequestFilter, updateRequestFilter } from '@/api/mutations';
import type { RequestFilter } from '@/api/types';
import { Button } from '@/components/ui/button';
import { FormSheet, type FormSection } from '@/components/ui/form-sheet';
import { ErrorNotice } from '@/components/ui/notice';
import { showToast } from '@/components/ui/toast';
import { useDraft } from '@/lib/draft';
import { fieldErrors } from '@/lib/field-errors';
import { effectFaults, filterDraft, filterFaults, filterInput, newFilter, priorityBounds, type FilterDraft } from './draft';
import { BasicFields, EffectFields, BindingFields } from './filter-fields';
import { TrialDialog } from './trial-dialog';

const sectionFields = {
  basic: ['name', 'priority', 'isEnabled'],
  effect: ['kind', 'matchType', 'target', 'replacement', 'operations'],
  binding: ['binding', 'phase', 'providerIds', 'groupIds'],
} as const satisfies Record<string, readonly (keyof FilterDraft)[]>;
type SectionKey = keyof typeof sectionFields;

const focusFirstFault = () => requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-sheet-body] [aria-invalid="true"]')?.focus());

interface FilterSheetProps {
  /** Undefined creates a new one. */
  filter: RequestFilter | undefined;
  /** What a new one begins with. */
  example?: FilterDraft;
  onClose: () => void;
}

export function FilterSheet({ filter, example, onClose }: FilterSheetProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const draft = useDraft<FilterDraft>(filterDraft(filter), example);
  const [base, setBase] = useState(filter);
  const [checked, setChecked] = useState(false);
  const [trying, setTrying] = useState(false);
  const { values, initial } = draft;
  const save = useMutation({
    mutationFn: () => (base ? updateRequestFilter(base.id, base.version, filterInput(values, initial)) : createRequestFilter(newFilter(values))),
    onSuccess: async (saved) => {
      draft.reset(filterDraft(saved));
      await client.invalidateQueries({ queryKey: ['request-filters'] });
      showToast({ tone: 'ok', title: filter ? t('filters.saved') : t('filters.created'), detail: saved.name });
      onClose();
    },
  });
  const refused = fieldErrors(save.error);
  const found = Object.fromEntries(Object.entries(filterFaults(values)).map(([name, key]) => [name, t(key, priorityBounds)]));
  const errors: Partial<Record<string, string>> = checked ? { ...refused, ...found } : refused;
  const check = (faults: object, then: () => void) => () => {
    setChecked(true);
    if (Object.keys(faults).length > 0) focusFirstFault();
    else then();
  };
  const stale = isApiError(save.error, 412) ? save.error : undefined;
  const takeTheirs = () => {
    setBase(stale?.current as RequestFilter);
    save.reset();
    void client.invalidateQueries({ queryKey: ['request-filters'] });
  };
  const section = (key: SectionKey, content: FormSection['content']): FormSection => {
    const changed = sectionFields[key].filter((name) => draft.isChanged(name)).length;
    const wrong = sectionFields[key].some((name) => errors[name]);
    return { key, title: t(`filters.section.${key}`), changed, state: wrong ? 'error' : changed > 0 ? 'changed' : 'default', content };
  };
  const title = values.name || t('filters.newTitle');
  return (
    <>
      <FormSheet
        width={760}
        label={title}
        title={<p className="truncate text-14 font-semibold">{title}</p>}
        changes={draft.changed.map((name) => t(`filters.field.${name}`))}
        saveLabel={filter ? t('common.save') : t('filters.create')}
        busy={save.isPending}
        onSave={check(found, () => save.mutate())}
        onClose={onClose}
        notice={
          save.isError &&
          Object.keys(refused).length === 0 && (
            <ErrorNotice error={save.error} title={stale ? t('filters.stale') : t('filters.saveFailed')} onRetry={stale && takeTheirs} className="mb-4" />
          )
        }
        extra={
          <Button onClick={check(effectFaults(values), () => setTrying(true))}>
            <FlaskConical size={14} aria-hidden="true" />
            {t('filters.try')}
          </Button>
        }
        sections={[
          section('basic', <BasicFields draft={draft} errors={errors} isNew={filter === undefined} />),
          section('effect', <EffectFields draft={draft} errors={errors} />),
          section('binding', <BindingFields draft={draft} errors={errors} />),
        ]}
      />
      {trying && <TrialDialog filter={values} onClose={() => setTrying(false)} />}
    </>
  );
}
