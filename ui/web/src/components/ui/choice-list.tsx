import { useId } from 'react';
import { CircleAlert } from 'lucide-react';
import { cn } from '@/lib/cn';
import { Checkbox } from './toggle';

interface ChoiceListProps {
  label: string;
  help?: string;
  error?: string;
  value: readonly number[];
  onValue: (value: number[]) => void;
  options: readonly { value: number; label: string }[];
}

/** Any of a list of things with ids; those that are gone stay until they are taken out. */
export function ChoiceList({ label, help, error, value, onValue, options }: ChoiceListProps) {
  const id = useId();
  const note = error ?? help;
  const gone = value.filter((chosen) => !options.some((option) => option.value === chosen)).map((chosen) => ({ value: chosen, label: `#${chosen}` }));
  return (
    <fieldset aria-describedby={note && id} className="min-w-0">
      <legend className="mb-1.5 text-12 font-medium text-fg-2">{label}</legend>
      <div className={cn('flex max-h-52 flex-col overflow-y-auto rounded-md border px-2.5 py-1', error ? 'border-err' : 'border-control-line')}>
        {[...options, ...gone].map((option) => (
          <Checkbox
            key={option.value}
            label={option.label}
            checked={value.includes(option.value)}
            onChange={(on) => onValue(on ? [...value, option.value] : value.filter((chosen) => chosen !== option.value))}
          />
        ))}
      </div>
      {note && (
        <p id={id} className={cn('mt-1.5 flex items-start gap-1 text-12', error ? 'text-err' : 'text-fg-muted')}>
          {error && <CircleAlert size={14} className="mt-px shrink-0" aria-hidden="true" />}
          {note}
        </p>
      )}
    </fieldset>
  );
}
