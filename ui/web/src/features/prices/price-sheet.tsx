import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isApiError } from '@/api/error';
import { putPrice } from '@/api/mutations';
import { queries } from '@/api/queries';
import type { Price } from '@/api/types';
import { TextAreaField, TextField } from '@/components/ui/field';
import { FormSheet } from '@/components/ui/form-sheet';
import { ErrorNotice } from '@/components/ui/notice';
import { showToast } from '@/components/ui/toast';
import { useDraft } from '@/lib/draft';
import { draftEntry, draftFaults, ownEntry, priceDraft, rateNames, type PriceDraft } from './entry';
import { SourceBadge } from './price-table';

/** The form of a price: of a model, of one without a price, or of a new one. */
export function PriceSheet({ name, onClose }: { name: string; onClose: () => void }) {
  const isNew = name === 'new';
  const price = useQuery({ ...queries.price(name), enabled: !isNew });
  if (!isNew && price.isPending) return null;
  if (!isNew && price.isError && !isApiError(price.error, 404)) return null;
  return <Form name={isNew ? '' : name} price={price.data} onClose={onClose} />;
}

function Form({ name, price, onClose }: { name: string; price: Price | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const draft = useDraft<PriceDraft>(priceDraft(name, price && ownEntry(price)));
  const [checked, setChecked] = useState(false);
  const faults = checked ? draftFaults(draft.values) : [];
  const save = useMutation({
    mutationFn: () => putPrice(draft.values.name.trim(), draftEntry(draft.values)),
    onSuccess: async (saved) => {
      draft.reset(priceDraft(saved.name, saved.entry));
      await client.invalidateQueries({ queryKey: ['prices'] });
      showToast({ tone: 'ok', title: t('prices.saved'), detail: saved.name });
      onClose();
    },
  });
  const onSave = () => {
    setChecked(true);
    if (draftFaults(draft.values).length === 0) save.mutate();
  };
  const title = draft.values.name || t('prices.newTitle');
  return (
    <FormSheet
      width={640}
      label={title}
      title={
        <>
          <p className="flex items-center gap-2 truncate text-14 font-semibold">
            {title}
            {price && <SourceBadge source={price.source} />}
          </p>
          <p className="truncate text-12 text-fg-muted">{price && price.source !== 'manual' ? t('prices.becomesOwn') : t('prices.fromNow')}</p>
        </>
      }
      changes={draft.changed.map((field) => t(`prices.field.${field}`))}
      saveLabel={t('common.save')}
      busy={save.isPending}
      onSave={onSave}
      onClose={onClose}
      notice={save.isError && <ErrorNotice error={save.error} title={t('prices.saveFailed')} className="mb-4" />}
      sections={[
        {
          key: 'price',
          title: t('prices.field.rates'),
          changed: draft.changed.length,
          state: faults.length > 0 ? 'error' : 'default',
          content: (
            <div className="flex flex-col gap-4">
              <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
                <TextField
                  label={t('prices.field.name')}
                  value={draft.values.name}
                  onValue={(value) => draft.set('name', value)}
                  error={faults.includes('name') ? t('forms.required') : undefined}
                  disabled={price !== undefined}
                  autoFocus={name === ''}
                  maxLength={200}
                  mono
                />
                <TextField label={t('prices.field.vendor')} value={draft.values.vendor} onValue={(value) => draft.set('vendor', value)} maxLength={64} />
                {rateNames.map((key) => (
                  <TextField
                    key={key}
                    label={t(`prices.rate.${key}`)}
                    value={draft.values.rates[key]}
                    onValue={(value) => draft.set('rates', { ...draft.values.rates, [key]: value })}
                    error={faults.includes(key) ? t('forms.number') : undefined}
                    inputMode="decimal"
                    suffix={t('prices.perMillion')}
                  />
                ))}
              </div>
              <p className="text-12 text-fg-muted">{t('prices.emptyRate')}</p>
              <TextAreaField
                label={t('prices.field.rest')}
                help={t('prices.restHelp')}
                error={faults.includes('rest') ? t('prices.restFault') : undefined}
                value={draft.values.rest}
                onValue={(value) => draft.set('rest', value)}
                rows={14}
                spellCheck={false}
                mono
              />
            </div>
          ),
        },
      ]}
    />
  );
}
