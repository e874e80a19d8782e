import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { createKey, updateKey } from '@/api/mutations';
import type { ApiKey, CreatedKey, KeyInput, NewKey, User } from '@/api/types';
import { TextField } from '@/components/ui/field';
import { FormSheet } from '@/components/ui/form-sheet';
import { LimitsFields } from '@/components/ui/limits-fields';
import { ErrorNotice } from '@/components/ui/notice';
import { TagsField } from '@/components/ui/tags';
import { showToast } from '@/components/ui/toast';
import { Switch } from '@/components/ui/toggle';
import { changedNames, useDraft } from '@/lib/draft';
import { limitDraft, limitErrors, limitInput, limitNames, type LimitDraft, type LimitName } from '@/lib/limits';
import { dateInput, endOfDay } from './expiry';

export interface KeyDraft extends LimitDraft {
  name: string;
  isEnabled: boolean;
  canLoginWebUi: boolean;
  groups: string[];
  expires: string;
}

export function keyDraft(key?: ApiKey): KeyDraft {
  return {
    ...limitDraft(key),
    name: key?.name ?? '',
    isEnabled: key?.isEnabled ?? true,
    canLoginWebUi: key?.canLoginWebUi ?? false,
    groups: key?.groups ?? [],
    expires: dateInput(key?.expiresAt),
  };
}

/** What to send: the changed fields. */
export function keyInput(draft: KeyDraft, initial: KeyDraft): KeyInput {
  const changed = changedNames(draft, initial);
  const input: KeyInput = limitInput(draft, limitNames.filter((name) => changed.includes(name)));
  if (changed.includes('name')) input.name = draft.name.trim();
  if (changed.includes('isEnabled')) input.isEnabled = draft.isEnabled;
  if (changed.includes('canLoginWebUi')) input.canLoginWebUi = draft.canLoginWebUi;
  if (changed.includes('groups')) input.groups = draft.groups;
  if (changed.includes('expires')) input.expiresAt = endOfDay(draft.expires);
  return input;
}

export const newKey = (draft: KeyDraft, initial: KeyDraft): NewKey => ({ ...keyInput(draft, initial), name: draft.name.trim() });

interface KeySheetProps {
  user: User;
  apiKey: ApiKey | undefined;
  onClose: () => void;
  onCreated: (key: CreatedKey) => void;
}

export function KeySheet({ user, apiKey, onClose, onCreated }: KeySheetProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const isNew = apiKey === undefined;
  const draft = useDraft<KeyDraft>(keyDraft(apiKey));
  const [checked, setChecked] = useState(false);
  const nameMissing = draft.values.name.trim() === '';
  const limits = limitErrors(draft.values);
  const save = useMutation({
    mutationFn: async () => {
      const { values, initial } = draft;
      return apiKey ? { saved: await updateKey(apiKey.id, apiKey.version, keyInput(values, initial)) } : { created: await createKey(user.id, newKey(values, initial)) };
    },
    onSuccess: async (result) => {
      draft.reset(keyDraft(result.saved ?? result.created));
      await client.invalidateQueries({ queryKey: ['users'] });
      onClose();
      if (result.created) onCreated(result.created);
      else showToast({ tone: 'ok', title: t('keys.saved'), detail: draft.values.name });
    },
  });
  const onSave = () => {
    setChecked(true);
    if (!nameMissing && Object.keys(limits).length === 0) save.mutate();
  };
  const title = draft.values.name || t('keys.newTitle');
  return (
    <FormSheet
      width={640}
      label={title}
      title={
        <>
          <p className="truncate text-14 font-semibold">{title}</p>
          <p className="truncate text-12 text-fg-muted">{t('keys.ofUser', { user: user.name })}</p>
        </>
      }
      changes={draft.changed.map((name) => t(`users.field.${name}`))}
      saveLabel={isNew ? t('keys.create') : t('common.save')}
      busy={save.isPending}
      onSave={onSave}
      onClose={onClose}
      notice={save.isError && <ErrorNotice error={save.error} title={t('keys.saveFailed')} className="mb-4" />}
      sections={[
        {
          key: 'key',
          title: t('keys.section'),
          changed: draft.changed.length,
          state: 'default',
          content: (
            <div className="flex flex-col gap-5">
              <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
                <TextField
                  label={t('users.field.name')}
                  value={draft.values.name}
                  onValue={(value) => draft.set('name', value)}
                  error={checked && nameMissing ? t('forms.required') : undefined}
                  autoFocus={isNew}
                  required
                  maxLength={64}
                />
                <TextField label={t('users.field.expires')} type="date" value={draft.values.expires} onValue={(value) => draft.set('expires', value)} help={t('users.expiresHelp')} />
                <TagsField
                  label={t('users.field.groups')}
                  help={t('keys.groupsHelp', { groups: user.groups.join(', ') })}
                  value={draft.values.groups}
                  onValue={(value) => draft.set('groups', value)}
                  addLabel={t('forms.addGroup')}
                  suggestions={user.groups}
                />
                <div className="flex flex-col justify-center gap-2">
                  <Switch label={t('users.field.isEnabled')} checked={draft.values.isEnabled} onChange={(on) => draft.set('isEnabled', on)}>
                    {t('users.field.isEnabled')}
                  </Switch>
                  <Switch label={t('users.field.canLoginWebUi')} checked={draft.values.canLoginWebUi} onChange={(on) => draft.set('canLoginWebUi', on)}>
                    {t('users.field.canLoginWebUi')}
                  </Switch>
                </div>
              </div>
              <div>
                <h3 className="mb-3 text-14 font-semibold">{t('users.section.limits')}</h3>
                <LimitsFields values={draft.values} initial={draft.initial} errors={checked ? limits : {}} onValue={(name: LimitName, value) => draft.set(name, value)} />
              </div>
            </div>
          ),
        },
      ]}
    />
  );
}
