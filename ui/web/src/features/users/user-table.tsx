import { useNavigate } from '@tanstack/react-router';
import { ChevronDown, ChevronRight, KeyRound, List, MoreHorizontal, Pencil, Plus, Trash2 } from 'lucide-react';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiKey, User } from '@/api/types';
import { Avatar } from '@/components/ui/avatar';
import { Button } from '@/components/ui/button';
import { Menu } from '@/components/ui/menu';
import { Badge } from '@/components/ui/state';
import { Table, Td, Th } from '@/components/ui/table';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { useNow } from '@/lib/clock';
import { useMedia } from '@/lib/media';
import { expiryState } from './expiry';
import { exhausted, windowKeys, windowOf, windows } from './usage';
import { useKeyUsage, useUserUsage } from './use-usage';
import { WindowBar } from './window-cells';

interface UserTableProps {
  users: User[];
  open: ReadonlySet<number>;
  onToggle: (id: number) => void;
  onEdit: (user: User) => void;
  /** Without a key: a new one. */
  onEditKey: (user: User, key?: ApiKey) => void;
  onDelete: (user: User, key?: ApiKey) => void;
}

export function UserTable(props: UserTableProps) {
  const { t } = useTranslation();
  const phone = useMedia('(max-width: 767px)');
  if (phone) return <PhoneList {...props} />;
  return (
    <Table label={t('nav.users')} className="min-w-[1080px]">
      <thead>
        <tr>
          <Th className="w-[26%]">{t('users.user')}</Th>
          <Th>{t('users.groups')}</Th>
          <Th className="w-24">{t('users.expires')}</Th>
          {windowKeys.map((key) => (
            <Th key={key} className="w-[104px]">
              {t(`users.window.${key}`)}
            </Th>
          ))}
          <Th className="w-12">
            <span className="sr-only">{t('common.actions')}</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {props.users.map((user) => (
          <Fragment key={user.id}>
            <UserRow user={user} {...props} />
            {props.open.has(user.id) && user.keys?.map((key) => <KeyRow key={key.id} user={user} apiKey={key} {...props} />)}
            {props.open.has(user.id) && (user.keys?.length ?? 0) === 0 && (
              <tr className="bg-sunken">
                <Td colSpan={10} className="h-9 text-12 text-fg-muted">
                  <span className="pl-9">{t('keys.none')}</span>{' '}
                  <button type="button" onClick={() => props.onEditKey(user)} className="font-medium text-accent hover:text-accent-hover">
                    {t('keys.add')}
                  </button>
                </Td>
              </tr>
            )}
          </Fragment>
        ))}
      </tbody>
    </Table>
  );
}

function Expiry({ at }: { at: string | null | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow(60_000);
  const state = expiryState(at, now);
  if (state === 'never' || !at) return <span className="text-fg-muted">{t('users.never')}</span>;
  return <span className={cn('whitespace-nowrap', state === 'soon' ? 'font-medium text-warn' : 'text-fg-muted')}>{format.shortDate(at, now)}</span>;
}

function UserBadges({ user, full }: { user: User; full: string | undefined }) {
  const { t } = useTranslation();
  const expiry = expiryState(user.expiresAt, useNow(60_000));
  return (
    <>
      {user.role === 'admin' && (
        <Badge small tone="accent">
          {t('roles.admin')}
        </Badge>
      )}
      {!user.isEnabled && <Badge small>{t('users.state.disabled')}</Badge>}
      {expiry === 'expired' && <Badge small>{t('users.state.expired')}</Badge>}
      {full && (
        <Badge small tone="limited">
          {full}
        </Badge>
      )}
    </>
  );
}

function useWindows(user: User) {
  const { t } = useTranslation();
  const list = windows(user, useUserUsage(user.id));
  const full = exhausted(list);
  return { list, full: full && t('users.limitReached', { window: t(`users.window.${full.key}`) }) };
}

function RowMenu({ user, onEdit, onEditKey, onDelete }: { user: User } & Pick<UserTableProps, 'onEdit' | 'onEditKey' | 'onDelete'>) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <Menu
      groups={[
        [
          { label: t('common.edit'), icon: <Pencil size={14} />, onSelect: () => onEdit(user) },
          { label: t('keys.add'), icon: <Plus size={14} />, onSelect: () => onEditKey(user) },
          { label: t('users.viewRequests'), icon: <List size={14} />, onSelect: () => void navigate({ to: '/logs', search: { user: user.id } }) },
        ],
        [{ label: t('users.delete'), icon: <Trash2 size={14} />, danger: true, onSelect: () => onDelete(user) }],
      ]}
      trigger={
        <Button tone="ghost" size="sm" iconOnly aria-label={t('common.actionsFor', { name: user.name })}>
          <MoreHorizontal size={16} />
        </Button>
      }
    />
  );
}

function UserRow({ user, open, onToggle, ...actions }: { user: User } & UserTableProps) {
  const { t } = useTranslation();
  const expanded = open.has(user.id);
  const { list, full } = useWindows(user);
  return (
    <tr className="h-[46px] bg-panel hover:bg-hover" data-user={user.name}>
      <Td>
        <span className="flex items-center gap-2">
          <button
            type="button"
            aria-expanded={expanded}
            aria-label={t('users.toggleKeys', { name: user.name })}
            onClick={() => onToggle(user.id)}
            className="-ml-1.5 inline-flex size-6 shrink-0 items-center justify-center rounded-sm text-fg-muted hover:bg-press"
          >
            {expanded ? <ChevronDown size={15} /> : <ChevronRight size={15} />}
          </button>
          <Avatar name={user.name} />
          <span className="min-w-0">
            <span className="flex items-center gap-1.5">
              <button type="button" onClick={() => actions.onEdit(user)} className={cn('truncate font-medium hover:underline', !user.isEnabled && 'text-fg-muted')}>
                {user.name}
              </button>
              <UserBadges user={user} full={full} />
            </span>
            <span className="block truncate text-12 text-fg-muted">
              {[user.description, t('users.countKeys', { count: user.keys?.length ?? 0 })].filter(Boolean).join(' · ')}
            </span>
          </span>
        </span>
      </Td>
      <Td className="max-w-40 truncate text-fg-2">{user.groups.join(', ') || '–'}</Td>
      <Td>
        <Expiry at={user.expiresAt} />
      </Td>
      {list.map((window) => (
        <Td key={window.key}>
          <WindowBar window={window} />
        </Td>
      ))}
      <Td right>
        <RowMenu user={user} {...actions} />
      </Td>
    </tr>
  );
}

function KeyMenu({ user, apiKey, onEditKey, onDelete }: { user: User; apiKey: ApiKey } & Pick<UserTableProps, 'onEditKey' | 'onDelete'>) {
  const { t } = useTranslation();
  return (
    <Menu
      groups={[
        [{ label: t('common.edit'), icon: <Pencil size={14} />, onSelect: () => onEditKey(user, apiKey) }],
        [{ label: t('keys.delete'), icon: <Trash2 size={14} />, danger: true, onSelect: () => onDelete(user, apiKey) }],
      ]}
      trigger={
        <Button tone="ghost" size="sm" iconOnly aria-label={t('common.actionsFor', { name: apiKey.name })}>
          <MoreHorizontal size={16} />
        </Button>
      }
    />
  );
}

function KeyName({ apiKey }: { apiKey: ApiKey }) {
  const { t } = useTranslation();
  return (
    <span className="flex min-w-0 items-center gap-2">
      <KeyRound size={14} className="shrink-0 text-fg-muted" aria-hidden="true" />
      <span className={cn('truncate font-medium', !apiKey.isEnabled && 'text-fg-muted')}>{apiKey.name}</span>
      <code className="text-12 whitespace-nowrap text-fg-muted" title={`${apiKey.keyPrefix}··${apiKey.keyLast4}`}>··{apiKey.keyLast4}</code>
      {!apiKey.isEnabled && <Badge small>{t('users.state.disabled')}</Badge>}
    </span>
  );
}

function KeyRow({ user, apiKey, onEditKey, onDelete }: { user: User; apiKey: ApiKey } & UserTableProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow(15_000);
  const data = useKeyUsage(apiKey.id);
  const list = windows(apiKey, data);
  const binding = data?.bindingLimit ? windowOf(data.bindingLimit) : undefined;
  return (
    <tr className="h-[41px] bg-sunken" data-key={apiKey.name}>
      <Td>
        <span className="flex items-center gap-2 pl-9">
          <KeyName apiKey={apiKey} />
          {binding && (
            <Badge small tone="accent">
              {t('users.bindsNext', { window: t(`users.window.${binding}`) })}
            </Badge>
          )}
        </span>
      </Td>
      <Td className="max-w-40 truncate text-fg-2">{apiKey.groups.join(', ') || t('keys.inherits')}</Td>
      <Td className="whitespace-nowrap text-fg-muted">{apiKey.lastUsedAt ? format.age(apiKey.lastUsedAt, now) : t('keys.unused')}</Td>
      {list.map((window) => (
        <Td key={window.key}>
          <WindowBar window={window} />
        </Td>
      ))}
      <Td right>
        <KeyMenu user={user} apiKey={apiKey} onEditKey={onEditKey} onDelete={onDelete} />
      </Td>
    </tr>
  );
}

function PhoneList({ users, open, onToggle, ...actions }: UserTableProps) {
  return (
    <ul className="border-t border-line bg-panel">
      {users.map((user) => (
        <PhoneUser key={user.id} user={user} users={users} open={open} onToggle={onToggle} {...actions} />
      ))}
    </ul>
  );
}

function PhoneUser({ user, open, onToggle, ...actions }: { user: User } & UserTableProps) {
  const { t } = useTranslation();
  const { list, full } = useWindows(user);
  const limited = list.filter((window) => window.limit !== undefined);
  return (
    <li className="border-b border-line" data-user={user.name}>
      <div className="flex min-h-14 items-center gap-3 px-4 py-2">
        <Avatar name={user.name} />
        <button type="button" aria-expanded={open.has(user.id)} onClick={() => onToggle(user.id)} className="min-w-0 flex-1 text-left">
          <span className="flex items-center gap-1.5 text-13 font-medium">
            <span className="truncate">{user.name}</span>
            <UserBadges user={user} full={full} />
          </span>
          <span className="block truncate text-12 text-fg-muted">
            {[user.groups.join(', '), t('users.countKeys', { count: user.keys?.length ?? 0 })].filter(Boolean).join(' · ')}
          </span>
        </button>
        <RowMenu user={user} {...actions} />
      </div>
      {open.has(user.id) && (
        <div className="flex flex-col gap-3 bg-sunken px-4 py-3">
          {limited.length > 0 && (
            <div className="grid grid-cols-2 gap-3">
              {limited.map((window) => (
                <div key={window.key}>
                  <p className="text-11 text-fg-muted">{t(`users.window.${window.key}`)}</p>
                  <WindowBar window={window} />
                </div>
              ))}
            </div>
          )}
          {user.keys?.map((key) => (
            <div key={key.id} className="flex items-center justify-between gap-2 text-13">
              <KeyName apiKey={key} />
              <KeyMenu user={user} apiKey={key} {...actions} />
            </div>
          ))}
          <Button size="sm" onClick={() => actions.onEditKey(user)}>
            <Plus size={13} aria-hidden="true" />
            {t('keys.add')}
          </Button>
        </div>
      )}
    </li>
  );
}
