import { CircleAlert, TriangleAlert } from 'lucide-react';
import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from 'react';
import { cn } from '@/lib/cn';

const box =
  'field-box flex h-8 w-full items-center gap-2 rounded-md border bg-panel text-13 text-fg has-[:disabled]:bg-sunken has-[:disabled]:text-fg-muted';

function border(error?: string, warning?: string): string {
  if (error) return 'border-err';
  return warning ? 'border-warn' : 'border-control-line';
}

export interface FieldProps {
  label: ReactNode;
  help?: ReactNode;
  error?: string;
  warning?: string;
  className?: string;
}

interface Ids {
  id: string;
  'aria-describedby'?: string;
  'aria-invalid'?: boolean;
}

/** Label above, control, then help, warning or error below. */
export function Field({ label, help, error, warning, className, children }: FieldProps & { children: (ids: Ids) => ReactNode }) {
  const id = useId();
  const note = error ?? warning ?? help;
  return (
    <div className={cn('flex min-w-0 flex-col gap-1.5', className)}>
      <label htmlFor={id} className="text-12 font-medium text-fg-2">
        {label}
      </label>
      {children({ id, 'aria-describedby': note ? `${id}-note` : undefined, 'aria-invalid': error ? true : undefined })}
      {note && (
        <p
          id={`${id}-note`}
          className={cn('flex items-start gap-1 text-12', error ? 'text-err' : warning ? 'text-warn font-medium' : 'text-fg-muted')}
        >
          {error && <CircleAlert size={14} className="mt-px shrink-0" aria-hidden="true" />}
          {!error && warning && <TriangleAlert size={14} className="mt-px shrink-0" aria-hidden="true" />}
          <span className="min-w-0 break-words">{note}</span>
        </p>
      )}
    </div>
  );
}

export interface TextFieldProps extends FieldProps, Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'className' | 'value'> {
  value: string;
  onValue: (value: string) => void;
  /** Shown inside, at the right: a unit, or "was 50". */
  suffix?: ReactNode;
  mono?: boolean;
}

export function TextField({ label, help, error, warning, className, value, onValue, suffix, mono, ...rest }: TextFieldProps) {
  return (
    <Field label={label} help={help} error={error} warning={warning} className={className}>
      {(ids) => (
        <span className={cn(box, 'px-2.5', border(error, warning))}>
          <input
            {...ids}
            {...rest}
            value={value}
            onChange={(event) => onValue(event.target.value)}
            className={cn('h-full w-full min-w-0 flex-1 bg-transparent outline-none', mono && 'font-code text-12')}
          />
          {suffix && <span className="shrink-0 text-12 text-fg-muted">{suffix}</span>}
        </span>
      )}
    </Field>
  );
}

export interface SelectFieldProps extends FieldProps, Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange' | 'className' | 'value'> {
  value: string;
  onValue: (value: string) => void;
  options: { value: string; label: string }[];
}

export function SelectField({ label, help, error, warning, className, value, onValue, options, ...rest }: SelectFieldProps) {
  return (
    <Field label={label} help={help} error={error} warning={warning} className={className}>
      {(ids) => (
        <span className={cn(box, border(error, warning))}>
          <select
            {...ids}
            {...rest}
            value={value}
            onChange={(event) => onValue(event.target.value)}
            className="h-full w-full min-w-0 cursor-pointer rounded-md bg-panel px-2 outline-none"
          >
            {options.map((option) => (
              <option key={option.value} value={option.value}>
                {option.label}
              </option>
            ))}
          </select>
        </span>
      )}
    </Field>
  );
}

export interface TextAreaFieldProps extends FieldProps, Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'onChange' | 'className' | 'value'> {
  value: string;
  onValue: (value: string) => void;
  mono?: boolean;
}

export function TextAreaField({ label, help, error, warning, className, value, onValue, mono, ...rest }: TextAreaFieldProps) {
  return (
    <Field label={label} help={help} error={error} warning={warning} className={className}>
      {(ids) => (
        <textarea
          {...ids}
          {...rest}
          value={value}
          onChange={(event) => onValue(event.target.value)}
          className={cn('field-box w-full rounded-md border bg-panel px-2.5 py-1.5 text-13', border(error, warning), mono && 'font-code text-12')}
        />
      )}
    </Field>
  );
}
