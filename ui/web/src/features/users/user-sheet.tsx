import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isApiError } from '@/api/error';
import { createKey, createUser, updateUser } from '@/api/mutations';
import type { CreatedKey, NewUser, User, UserInput } from '@/api/types';
import { SelectField, TextAreaField, TextField } from '@/components/ui/field';
import { FormSheet } from '@/components/ui/form-sheet';
import { LimitsFields } from '@/components/ui/limits-fields';
import { ErrorNotice } from '@/components/ui/notice';
import { TagsField } from '@/components/ui/tags';
import { showToast } from '@/components/ui/toast';
import { Switch } from '@/components/ui/toggle';
import { useNow } from '@/lib/clock';
import { changedNames, useDraft, type Draft } from '@/lib/draft';
import { limitDraft, limitErrors, limitInput, limitNames, type LimitDraft, type LimitName } from '@/lib/limits';
import { dateInput, endOfDay } from './expiry';

export interface UserDraft extends LimitDraft {
  name: string;
  description: string;
  role: 'admin' | 'user';
  isEnabled: boolean;
  groups: string[];
  expires: string;
  allowedModels: string;
  /** Name of a first key; only for a new user. */
  firstKey: string;
}

export function userDraft(user?: User): UserDraft {
  return {
    ...limitDraft(user),
    name: user?.name ?? '',
    description: user?.description ?? '',
    role: user?.role ?? 'user',
    isEnabled: user?.isEnabled ?? true,
    groups: user?.groups ?? ['default'],
    expires: dateInput(user?.expiresAt),
    allowedModels: (user?.allowedModels ?? []).join('\n'),
    firstKey: user ? '' : 'default',
  };
}

const lines = (text: string): string[] => text.split(/[\n,]/).map((line) => line.trim()).filter(Boolean);

/** What to send: the changed fields. */
export function userInput(draft: UserDraft, initial: UserDraft): UserInput {
  const changed = changedNames(draft, initial);
  const input: UserInput = limitInput(draft, limitNames.filter((name) => changed.includes(name)));
  if (changed.includes('name')) input.name = draft.name.trim();
  if (changed.includes('description')) input.description = draft.description.trim() || null;
  if (changed.includes('role')) input.role = draft.role;
  if (changed.includes('isEnabled')) input.isEnabled = draft.isEnabled;
  if (changed.includes('groups')) input.groups = draft.groups;
  if (changed.includes('expires')) input.expiresAt = endOfDay(draft.expires);
  if (changed.includes('allowedModels')) input.allowedModels = lines(draft.allowedModels);
  return input;
}

export const newUser = (draft: UserDraft, initial: UserDraft): NewUser => ({ ...userInput(draft, initial), name: draft.name.trim(), groups: draft.groups });

interface UserSheetProps {
  user: User | undefined;
  users: User[];
  onClose: () => void;
  onCreated: (key: CreatedKey) => void;
}

export function UserSheet({ user, users, onClose, onCreated }: UserSheetProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const isNew = user === undefined;
  const draft = useDraft<UserDraft>(userDraft(user));
  const [checked, setChecked] = useState(false);
  const nameMissing = draft.values.name.trim() === '';
  const limits = limitErrors(draft.values);
  const save = useMutation({
    mutationFn: async () => {
      const { values, initial } = draft;
      if (user) return { saved: await updateUser(user.id, user.version, userInput(values, initial)), key: undefined };
      const saved = await createUser(newUser(values, initial));
      const key = values.firstKey.trim() ? await createKey(saved.id, { name: values.firstKey.trim() }) : undefined;
      return { saved, key };
    },
    onSuccess: async ({ saved, key }) => {
      draft.reset(userDraft(saved));
      await client.invalidateQueries({ queryKey: ['users'] });
      showToast({ tone: 'ok', title: isNew ? t('users.created') : t('users.saved'), detail: saved.name });
      onClose();
      if (key) onCreated(key);
    },
  });
  const onSave = () => {
    setChecked(true);
    if (nameMissing || Object.keys(limits).length > 0) {
      requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-sheet-body] [aria-invalid="true"]')?.focus());
      return;
    }
    save.mutate();
  };
  const title = draft.values.name || t('users.newTitle');
  const sectionState = (names: readonly (keyof UserDraft)[], error: boolean) => {
    const changed = names.filter((name) => draft.isChanged(name)).length;
    return { changed, state: error ? ('error' as const) : changed > 0 ? ('changed' as const) : ('default' as const) };
  };
  const taken = isApiError(save.error, 409);
  return (
    <FormSheet
      width={720}
      label={title}
      title={<p className="truncate text-14 font-semibold">{title}</p>}
      changes={draft.changed.map((name) => t(`users.field.${name}`))}
      saveLabel={isNew ? t('users.create') : t('common.save')}
      busy={save.isPending}
      onSave={onSave}
      onClose={onClose}
      notice={save.isError && !taken && <ErrorNotice error={save.error} title={t('users.saveFailed')} className="mb-4" />}
      sections={[
        {
          key: 'basic',
          title: t('users.section.basic'),
          ...sectionState(['name', 'description', 'role', 'isEnabled', 'groups', 'expires', 'firstKey'], (checked && nameMissing) || taken),
          content: <BasicFields draft={draft} isNew={isNew} users={users} nameError={taken ? t('users.nameTaken') : checked && nameMissing ? t('forms.required') : undefined} />,
        },
        {
          key: 'limits',
          title: t('users.section.limits'),
          ...sectionState(limitNames, checked && Object.keys(limits).length > 0),
          content: <LimitsFields values={draft.values} initial={draft.initial} errors={checked ? limits : {}} onValue={(name: LimitName, value) => draft.set(name, value)} />,
        },
        {
          key: 'access',
          title: t('users.section.access'),
          ...sectionState(['allowedModels'], false),
          content: (
            <TextAreaField
              label={t('users.field.allowedModels')}
              help={t('users.allowedHelp')}
              rows={3}
              mono
              value={draft.values.allowedModels}
              onValue={(value) => draft.set('allowedModels', value)}
            />
          ),
        },
      ]}
    />
  );
}

function BasicFields({ draft, isNew, users, nameError }: { draft: Draft<UserDraft>; isNew: boolean; users: User[]; nameError: string | undefined }) {
  const { t } = useTranslation();
  const now = useNow(60_000);
  const groups = [...new Set(users.flatMap((user) => user.groups))].sort();
  const past = draft.values.expires !== '' && Date.parse(`${draft.values.expires}T23:59:59`) < now;
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
      <TextField label={t('users.field.name')} value={draft.values.name} onValue={(value) => draft.set('name', value)} error={nameError} autoFocus={isNew} required maxLength={64} />
      <TextField label={t('users.field.description')} value={draft.values.description} onValue={(value) => draft.set('description', value)} maxLength={200} />
      <TagsField label={t('users.field.groups')} help={t('users.groupsHelp')} value={draft.values.groups} onValue={(value) => draft.set('groups', value)} addLabel={t('forms.addGroup')} suggestions={groups} />
      <SelectField
        label={t('users.field.role')}
        value={draft.values.role}
        onValue={(value) => draft.set('role', value as UserDraft['role'])}
        options={[
          { value: 'user', label: t('roles.user') },
          { value: 'admin', label: t('roles.admin') },
        ]}
      />
      <TextField
        label={t('users.field.expires')}
        type="date"
        value={draft.values.expires}
        onValue={(value) => draft.set('expires', value)}
        help={t('users.expiresHelp')}
        warning={past ? t('users.expiresPast') : undefined}
      />
      {isNew && <TextField label={t('users.field.firstKey')} help={t('users.firstKeyHelp')} value={draft.values.firstKey} onValue={(value) => draft.set('firstKey', value)} maxLength={64} />}
      <Switch label={t('users.field.isEnabled')} checked={draft.values.isEnabled} onChange={(on) => draft.set('isEnabled', on)}>
        {t('users.field.isEnabled')}
      </Switch>
    </div>
  );
}
