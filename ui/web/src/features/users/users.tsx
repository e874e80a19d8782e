import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ChevronsUpDown, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { deleteKey, deleteUser } from '@/api/mutations';
import { queries } from '@/api/queries';
import type { ApiKey, CreatedKey, User } from '@/api/types';
import { FilterRow, PageTitle } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Confirm } from '@/components/ui/dialog';
import { SearchBox } from '@/components/ui/filters';
import { Empty, ErrorNotice, Skeleton } from '@/components/ui/notice';
import { showToast } from '@/components/ui/toast';
import { Segmented } from '@/components/ui/toggle';
import { useErrorText } from '@/i18n/error-text';
import type { ListSearch } from '@/lib/list-search';
import { useNow } from '@/lib/clock';
import { KeySheet } from './key-sheet';
import { SecretDialog } from './secret-dialog';
import { expiryState } from './expiry';
import { UserSheet } from './user-sheet';
import { UsageIdsContext } from './use-usage';
import { UserTable } from './user-table';

const states = ['all', 'expiring', 'expired', 'disabled'] as const;
type State = (typeof states)[number];

export function userState(user: Pick<User, 'isEnabled' | 'expiresAt'>, now: number): Exclude<State, 'all'> | 'active' {
  if (!user.isEnabled) return 'disabled';
  const expiry = expiryState(user.expiresAt, now);
  return expiry === 'expired' ? 'expired' : expiry === 'soon' ? 'expiring' : 'active';
}

function matches(user: User, search: ListSearch, now: number): boolean {
  const q = search.q?.toLowerCase();
  const texts = [user.name, user.description ?? '', ...user.groups, ...(user.keys ?? []).flatMap((key) => [key.name, key.keyLast4])];
  if (q && !texts.some((text) => text.toLowerCase().includes(q))) return false;
  return !search.state || userState(user, now) === search.state;
}

/** The form named in the URL: a user by id, or a key of a user. */
function Forms({ users, search, onClose, onSecret }: { users: User[]; search: ListSearch; onClose: () => void; onSecret: (created: CreatedKey) => void }) {
  if (!search.edit) return null;
  if (search.of === 'key') {
    const [userId, keyId] = search.edit.split(':');
    const user = users.find((candidate) => String(candidate.id) === userId);
    if (!user) return null;
    return <KeySheet key={search.edit} user={user} apiKey={user.keys?.find((key) => String(key.id) === keyId)} onClose={onClose} onCreated={onSecret} />;
  }
  const user = users.find((candidate) => String(candidate.id) === search.edit);
  if (search.edit !== 'new' && !user) return null;
  return <UserSheet key={search.edit} user={user} users={users} onClose={onClose} onCreated={onSecret} />;
}

export function UsersPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/users' });
  const navigate = useNavigate({ from: '/users' });
  const list = useQuery(queries.users());
  const now = useNow(30_000);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [secret, setSecret] = useState<CreatedKey>();
  const [deleting, setDeleting] = useState<{ user: User; key?: ApiKey }>();
  const change = (patch: Partial<ListSearch>, replace = false) => void navigate({ search: (before: ListSearch) => ({ ...before, ...patch }), replace });
  const users = list.data ?? [];
  const shown = users.filter((user) => matches(user, search, now));
  const keys = users.reduce((sum, user) => sum + (user.keys?.length ?? 0), 0);
  const allOpen = shown.length > 0 && shown.every((user) => open.has(user.id));
  const toggle = (id: number) => setOpen((before) => (before.has(id) ? new Set([...before].filter((other) => other !== id)) : new Set([...before, id])));

  return (
    <div className="flex h-full flex-col">
      <PageTitle
        title={t('nav.users')}
        facts={users.length > 0 && <span>{`${t('users.countUsers', { count: users.length })}, ${t('users.countKeys', { count: keys })}`}</span>}
        actions={
          <Button tone="primary" onClick={() => change({ edit: 'new', of: undefined })}>
            <Plus size={14} aria-hidden="true" />
            {t('users.create')}
          </Button>
        }
      />
      {users.length > 0 && (
        <FilterRow>
          <SearchBox value={search.q ?? ''} onValue={(q) => change({ q: q || undefined }, true)} label={t('users.search')} />
          <Segmented<State>
            label={t('users.status')}
            value={states.find((state) => state === search.state) ?? 'all'}
            onChange={(state) => change({ state: state === 'all' ? undefined : state })}
            options={states.map((state) => ({
              value: state,
              label: `${t(`users.filter.${state}`)} ${state === 'all' ? users.length : users.filter((user) => userState(user, now) === state).length}`,
            }))}
          />
          <span className="ml-auto">
            <Button size="sm" onClick={() => setOpen(allOpen ? new Set() : new Set(shown.map((user) => user.id)))}>
              <ChevronsUpDown size={13} aria-hidden="true" />
              {allOpen ? t('users.collapseAll') : t('users.expandAll')}
            </Button>
          </span>
        </FilterRow>
      )}
      <div className="min-h-0 flex-1 overflow-auto">
        {list.isPending && <Skeleton className="px-6" />}
        {list.isError && (
          <div className="p-6">
            <ErrorNotice error={list.error} title={t('users.loadFailed')} onRetry={() => void list.refetch()} />
          </div>
        )}
        {list.isSuccess && users.length === 0 && (
          <Empty
            title={t('users.none')}
            actions={
              <Button tone="primary" onClick={() => change({ edit: 'new', of: undefined })}>
                {t('users.create')}
              </Button>
            }
          >
            {t('users.noneHelp')}
          </Empty>
        )}
        {users.length > 0 && shown.length === 0 && (
          <Empty plain title={t('users.noMatch')} actions={<Button onClick={() => void navigate({ search: {} })}>{t('common.clearFilters')}</Button>} />
        )}
        {shown.length > 0 && (
          <UsageIdsContext value={{ users: shown.map((user) => user.id), keys: shown.filter((user) => open.has(user.id)).flatMap((user) => user.keys?.map((key) => key.id) ?? []) }}>
          <UserTable
            users={shown}
            open={open}
            onToggle={toggle}
            onEdit={(user) => change({ edit: String(user.id), of: undefined })}
            onEditKey={(user, key) => change({ edit: key ? `${user.id}:${key.id}` : String(user.id), of: 'key' })}
            onDelete={(user, key) => setDeleting({ user, key })}
          />
          </UsageIdsContext>
        )}
      </div>
      {list.isSuccess && <Forms users={users} search={search} onClose={() => change({ edit: undefined, of: undefined })} onSecret={setSecret} />}
      {secret && <SecretDialog created={secret} onClose={() => setSecret(undefined)} />}
      {deleting && <DeleteDialog target={deleting} onClose={() => setDeleting(undefined)} />}
    </div>
  );
}

function DeleteDialog({ target: { user, key }, onClose }: { target: { user: User; key?: ApiKey }; onClose: () => void }) {
  const { t } = useTranslation();
  const text = useErrorText();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => (key ? deleteKey(key.id) : deleteUser(user.id)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['users'] });
      showToast({ tone: 'ok', title: key ? t('keys.deleted') : t('users.deleted'), detail: key?.name ?? user.name });
    },
    onError: (error) => showToast({ tone: 'open', title: t('users.deleteFailed'), detail: text(error) }),
    onSettled: onClose,
  });
  return (
    <Confirm
      title={key ? t('keys.deleteTitle', { name: key.name }) : t('users.deleteTitle', { name: user.name })}
      description={key ? t('keys.deleteHelp', { user: user.name }) : t('users.deleteHelp', { count: user.keys?.length ?? 0 })}
      confirmLabel={key ? t('keys.delete') : t('users.delete')}
      typeName={key ? undefined : user.name}
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
