import { useTranslation } from 'react-i18next';
import { isMoney, limitNames, type LimitDraft, type LimitName } from '@/lib/limits';
import { TextField } from './field';

interface LimitsFieldsProps {
  values: LimitDraft;
  initial: LimitDraft;
  errors: Partial<Record<LimitName, string>>;
  onValue: (name: LimitName, value: string) => void;
  names?: readonly LimitName[];
}

/** One field per window; empty means unlimited. */
export function LimitsFields({ values, initial, errors, onValue, names = limitNames }: LimitsFieldsProps) {
  const { t } = useTranslation();
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
      {names.map((name) => {
        const error = errors[name];
        const was = values[name] !== initial[name] && initial[name] !== '';
        return (
          <TextField
            key={name}
            label={t(`limits.${name}`)}
            value={values[name]}
            inputMode="decimal"
            placeholder={t('common.noLimit')}
            error={error && t(error)}
            suffix={was ? t('forms.was', { value: initial[name] }) : isMoney(name) ? 'USD' : undefined}
            onValue={(value) => onValue(name, value)}
          />
        );
      })}
    </div>
  );
}
