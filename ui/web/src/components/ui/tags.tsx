import { X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Field, type FieldProps } from './field';

interface TagsFieldProps extends FieldProps {
  value: string[];
  onValue: (value: string[]) => void;
  addLabel: string;
  suggestions?: string[];
}

/** Short names as chips: Enter, comma or leaving the field adds, the cross removes. */
export function TagsField({ label, help, error, warning, className, value, onValue, addLabel, suggestions }: TagsFieldProps) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const add = () => {
    const names = text.split(',').map((name) => name.trim()).filter((name) => name !== '' && !value.includes(name));
    if (names.length > 0) onValue([...value, ...names]);
    setText('');
  };
  return (
    <Field label={label} help={help} error={error} warning={warning} className={className}>
      {(ids) => (
        <span className={`field-box flex min-h-8 flex-wrap items-center gap-1.5 rounded-md border bg-panel px-1.5 py-1 ${error ? 'border-err' : 'border-control-line'}`}>
          {value.map((name) => (
            <span key={name} className="inline-flex h-[22px] items-center rounded-sm bg-press pl-1.5 text-12 font-medium">
              {name}
              <button
                type="button"
                aria-label={t('common.remove', { name })}
                onClick={() => onValue(value.filter((other) => other !== name))}
                className="inline-flex size-[22px] items-center justify-center text-fg-muted hover:text-fg"
              >
                <X size={12} />
              </button>
            </span>
          ))}
          <input
            {...ids}
            value={text}
            list={suggestions ? `${ids.id}-list` : undefined}
            placeholder={addLabel}
            onChange={(event) => setText(event.target.value)}
            onBlur={add}
            onKeyDown={(event) => {
              if (event.key === 'Enter' || event.key === ',') {
                event.preventDefault();
                add();
              }
              if (event.key === 'Backspace' && text === '') onValue(value.slice(0, -1));
            }}
            className="h-[22px] min-w-20 flex-1 bg-transparent px-1 text-13 outline-none"
          />
          {suggestions && (
            <datalist id={`${ids.id}-list`}>
              {suggestions.map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
          )}
        </span>
      )}
    </Field>
  );
}
