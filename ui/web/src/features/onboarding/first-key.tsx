import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { createKey, createUser } from '@/api/mutations';
import { Button } from '@/components/ui/button';
import { TextField } from '@/components/ui/field';
import { ErrorNotice } from '@/components/ui/notice';

/** A user and a key in one go, with names filled in. */
export function FirstKey({ onSecret }: { onSecret: (secret: string) => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [user, setUser] = useState('me');
  const [key, setKey] = useState('first');
  const create = useMutation({
    mutationFn: async () => createKey((await createUser({ name: user.trim(), groups: ['default'] })).id, { name: key.trim() }),
    onSuccess: async (created) => {
      onSecret(created.secret);
      await client.invalidateQueries({ queryKey: ['users'] });
    },
  });
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (user.trim() && key.trim()) create.mutate();
  };
  return (
    <form onSubmit={onSubmit} className="mt-3 flex flex-col gap-3">
      {create.isError && <ErrorNotice error={create.error} title={t('users.saveFailed')} />}
      <div className="flex flex-wrap items-end gap-3">
        <TextField label={t('firstRun.userName')} value={user} onValue={setUser} maxLength={64} className="w-44" />
        <TextField label={t('firstRun.keyName')} value={key} onValue={setKey} maxLength={64} className="w-44" />
        <Button type="submit" tone="primary" busy={create.isPending} disabled={!user.trim() || !key.trim()} className="h-8!">
          {t('firstRun.createKey')}
        </Button>
      </div>
    </form>
  );
}
