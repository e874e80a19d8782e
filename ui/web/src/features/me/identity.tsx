import { useQuery } from '@tanstack/react-query';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { queries } from '@/api/queries';
import type { OwnAccount } from '@/api/types';
import { Panel } from '@/components/shell/page';
import { Avatar } from '@/components/ui/avatar';
import { CopyButton } from '@/components/ui/copy';
import { ErrorNotice, Skeleton } from '@/components/ui/notice';
import { Badge } from '@/components/ui/state';
import { expiryState, type ExpiryState } from '@/features/users/expiry';
import { useFormat } from '@/i18n/use-format';
import { cn } from '@/lib/cn';
import { useNow } from '@/lib/clock';
import { firstExpiry, groupsOf } from './account';

/** Who is signed in with which key, until when, and what the key may use. */
export function Identity({ account }: { account: OwnAccount }) {
  const { t } = useTranslation();
  const { user, key, role } = account;
  return (
    <Panel label={t('me.account')} className="overflow-hidden">
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3 px-4 py-3 lg:grid-cols-3 lg:gap-x-8 xl:grid-cols-5">
        <Fact label={t('users.user')}>
          <span className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
            <Avatar name={user.name} />
            <span className="min-w-0 font-medium break-words">{user.name}</span>
            <Badge small tone="outline">
              {t(`roles.${role}`)}
            </Badge>
          </span>
        </Fact>
        {key && (
          <Fact label={t('keys.section')}>
            <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
              <span className="min-w-0 font-medium break-words">{key.name}</span>
              <code className="text-12 whitespace-nowrap text-fg-muted">
                {key.keyPrefix}··{key.keyLast4}
              </code>
            </span>
          </Fact>
        )}
        <Fact label={t('users.groups')}>
          <span className="flex flex-wrap gap-1">
            {groupsOf(user, key).map((group) => (
              <Badge key={group}>{group}</Badge>
            ))}
          </span>
        </Fact>
        <Fact label={t('users.expires')}>
          <Expiry at={firstExpiry(user.expiresAt, key?.expiresAt)} />
        </Fact>
        <Fact label={t('me.models')}>
          {account.access.allowedModels.length === 0 ? <span className="text-fg-2">{t('me.anyModel')}</span> : <Names names={account.access.allowedModels} />}
        </Fact>
      </dl>
      <UsableModels />
    </Panel>
  );
}

/** Names with room between them, none of which is broken where it fits. */
function Names({ names }: { names: string[] }) {
  return (
    <span className="flex flex-wrap gap-x-3">
      {names.map((name) => (
        <span key={name} className="min-w-0 break-words">
          {name}
        </span>
      ))}
    </span>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="mb-1 text-12 text-fg-muted">{label}</dt>
      <dd className="min-h-[22px] text-13">{children}</dd>
    </div>
  );
}

const tones: Record<ExpiryState, string> = { never: 'text-fg-2', later: '', soon: 'font-medium text-warn', expired: 'font-medium text-err' };

function Expiry({ at }: { at: string | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow(60_000);
  return <span className={cn(tones[expiryState(at, now)])}>{at === undefined ? t('users.never') : format.shortDate(at, now)}</span>;
}

/** What the providers of one's groups serve; asked for when somebody wants to know, as it asks them. */
function UsableModels() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const models = useQuery({ ...queries.ownModels(), enabled: open });
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <div className="border-t border-line">
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="flex min-h-9 w-full items-center gap-1.5 px-4 text-12 font-medium text-fg-muted hover:text-fg">
        <Chevron size={14} aria-hidden="true" />
        {t('me.usableModels')}
        {open && models.data && <span className="font-normal">{models.data.length}</span>}
      </button>
      {open && models.isPending && <Skeleton rows={2} className="px-4" />}
      {open && models.isError && <ErrorNotice error={models.error} title={t('me.modelsFailed')} onRetry={() => void models.refetch()} className="mx-4 mb-3" />}
      {open && models.data?.length === 0 && <p className="px-4 pb-3 text-12 text-fg-muted">{t('me.noModels')}</p>}
      {open && models.data && models.data.length > 0 && (
        <ul className="flex flex-wrap gap-x-4 gap-y-1 px-4 pb-3 text-13">
          {models.data.map(({ id }) => (
            <li key={id} className="flex min-w-0 items-center gap-0.5">
              <span className="min-w-0 break-all">{id}</span>
              <CopyButton value={id} label={t('me.copyModel', { name: id })} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
