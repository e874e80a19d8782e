import { FlaskConical, MoreHorizontal, Pencil, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { RequestFilter } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Menu } from '@/components/ui/menu';
import { Badge } from '@/components/ui/state';
import { Table, Td, Th } from '@/components/ui/table';
import { Switch } from '@/components/ui/toggle';
import { cn } from '@/lib/cn';
import { useMedia } from '@/lib/media';
import { useFilterActions } from './actions';
import { kindOf } from './draft';
import { useBindingText } from './use-binding-text';

interface FilterTableProps {
  filters: RequestFilter[];
  onEdit: (filter: RequestFilter) => void;
  onTry: (filter: RequestFilter) => void;
  onDelete: (filter: RequestFilter) => void;
}

export function FilterTable(props: FilterTableProps) {
  const { t } = useTranslation();
  const phone = useMedia('(max-width: 767px)');
  if (phone) {
    return (
      <ul className="border-t border-line bg-panel">
        {props.filters.map((filter) => (
          <PhoneRow key={filter.id} filter={filter} {...props} />
        ))}
      </ul>
    );
  }
  return (
    <Table label={t('nav.filters')} className="min-w-[760px]">
      <thead>
        <tr>
          <Th className="w-12">
            <span className="sr-only">{t('filters.field.isEnabled')}</span>
          </Th>
          <Th right className="w-16">{t('filters.field.priority')}</Th>
          <Th className="w-[26%]">{t('filters.field.name')}</Th>
          <Th>{t('filters.field.kind')}</Th>
          <Th className="w-[22%]">{t('filters.field.binding')}</Th>
          <Th className="w-32">{t('filters.field.phase')}</Th>
          <Th className="w-12">
            <span className="sr-only">{t('common.actions')}</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {props.filters.map((filter) => (
          <Row key={filter.id} filter={filter} {...props} />
        ))}
      </tbody>
    </Table>
  );
}

type RowProps = Omit<FilterTableProps, 'filters'> & { filter: RequestFilter };

function Row({ filter, ...actions }: RowProps) {
  const { t } = useTranslation();
  const bindingText = useBindingText();
  const muted = !filter.isEnabled && 'text-fg-muted';
  return (
    <tr className="h-9 bg-panel hover:bg-hover" data-filter={filter.name}>
      <Td>
        <EnabledSwitch filter={filter} />
      </Td>
      <Td right className={cn(muted)}>{filter.priority}</Td>
      <Td className="max-w-0">
        <NameButton filter={filter} onEdit={actions.onEdit} />
      </Td>
      <Td className="max-w-0">
        <EffectText filter={filter} />
      </Td>
      <Td className={cn('max-w-0 truncate', muted)}>{bindingText(filter)}</Td>
      <Td className={cn('whitespace-nowrap', muted)}>{t(`filters.phase.${filter.phase}`)}</Td>
      <Td right>
        <RowMenu filter={filter} {...actions} />
      </Td>
    </tr>
  );
}

function PhoneRow({ filter, ...actions }: RowProps) {
  const bindingText = useBindingText();
  return (
    <li className="flex min-h-14 items-center gap-3 border-b border-line px-4 py-2" data-filter={filter.name}>
      <EnabledSwitch filter={filter} />
      <span className="min-w-0 flex-1">
        <NameButton filter={filter} onEdit={actions.onEdit} />
        <EffectText filter={filter} />
        <span className="block truncate text-12 text-fg-muted">{bindingText(filter)}</span>
      </span>
      <RowMenu filter={filter} {...actions} />
    </li>
  );
}

function NameButton({ filter, onEdit }: Pick<RowProps, 'filter' | 'onEdit'>) {
  return (
    <button type="button" onClick={() => onEdit(filter)} title={filter.name} className={cn('block max-w-full truncate text-left text-13 font-medium hover:underline', !filter.isEnabled && 'text-fg-muted')}>
      {filter.name}
    </button>
  );
}

/** What it does, and to what. */
function EffectText({ filter }: Pick<RowProps, 'filter'>) {
  const { t } = useTranslation();
  const kind = kindOf(filter);
  return (
    <span className="flex min-w-0 items-center gap-2 py-0.5">
      <Badge small>{kind === 'operations' ? t('filters.operations', { count: filter.operations.length }) : t(`filters.kind.${kind}`)}</Badge>
      {filter.target !== null && (
        <code className="truncate text-12 text-fg-2" title={filter.target}>
          {filter.target}
        </code>
      )}
    </span>
  );
}

function EnabledSwitch({ filter }: Pick<RowProps, 'filter'>) {
  const { t } = useTranslation();
  const { enable } = useFilterActions();
  return <Switch label={t('filters.enable', { name: filter.name })} checked={filter.isEnabled} disabled={enable.isPending} onChange={(isEnabled) => enable.mutate({ filter, isEnabled })} />;
}

function RowMenu({ filter, onEdit, onTry, onDelete }: RowProps) {
  const { t } = useTranslation();
  return (
    <Menu
      groups={[
        [
          { label: t('common.edit'), icon: <Pencil size={14} />, onSelect: () => onEdit(filter) },
          { label: t('filters.try'), icon: <FlaskConical size={14} />, onSelect: () => onTry(filter) },
        ],
        [{ label: t('filters.delete'), icon: <Trash2 size={14} />, danger: true, onSelect: () => onDelete(filter) }],
      ]}
      trigger={
        <Button tone="ghost" size="sm" iconOnly aria-label={t('common.actionsFor', { name: filter.name })}>
          <MoreHorizontal size={16} />
        </Button>
      }
    />
  );
}
