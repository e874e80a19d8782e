import { cn } from '@/lib/cn';
import { axisTicks, axisTop, labelStep } from './columns';

export interface ChartColumn {
  key: string;
  /** Below the column, where there is room. */
  label: string;
  value: number;
  /** All that is known of it, in words. */
  title: string;
  /** Still growing. */
  running?: boolean;
}

interface ColumnChartProps {
  columns: ChartColumn[];
  /** What is drawn, for who cannot see it. */
  label: string;
  format: (value: number) => string;
  /** Values are counts: the axis has no halves. */
  whole?: boolean;
  /** Most labels below the columns. */
  labels: number;
  /** Heads of the table of the same data. */
  heads: [string, string];
}

/** Columns over time on horizontal lines, with the same data as a table for screen readers. */
export function ColumnChart({ columns, label, format, whole, labels, heads }: ColumnChartProps) {
  const top = axisTop(Math.max(0, ...columns.map(({ value }) => value)));
  const ticks = axisTicks(top, whole);
  const step = labelStep(columns.length, labels);
  return (
    <figure aria-label={label} className="relative m-0">
      <div className="flex" aria-hidden="true">
        <div className="flex h-[200px] w-14 shrink-0 flex-col justify-between pr-2 text-right text-11 text-fg-muted">
          {ticks.map((tick) => (
            <span key={tick} className="-my-[7px] block whitespace-nowrap">
              {format(tick)}
            </span>
          ))}
        </div>
        <div className="min-w-0 flex-1">
          <div className="relative h-[200px]">
            <div className="absolute inset-0 flex flex-col justify-between">
              {ticks.map((tick) => (
                <span key={tick} className="h-px bg-grid" />
              ))}
            </div>
            <div className="absolute inset-0 flex items-end gap-[3px]">
              {columns.map((column) => (
                <span key={column.key} title={column.title} className="group flex h-full min-w-0 flex-1 items-end hover:bg-hover" data-column={column.value}>
                  <span className={cn('block w-full bg-series-1', column.value > 0 && 'min-h-px', column.running && 'opacity-45')} style={{ height: `${(column.value / top) * 100}%` }} />
                </span>
              ))}
            </div>
          </div>
          <div className="mt-1 flex h-[14px] gap-[3px] text-11 text-fg-muted">
            {columns.map((column, i) => (
              <span key={column.key} className="relative min-w-0 flex-1">
                {(columns.length - 1 - i) % step === 0 && <span className="absolute left-1/2 -translate-x-1/2 whitespace-nowrap">{column.label}</span>}
              </span>
            ))}
          </div>
        </div>
      </div>
      <table className="sr-only">
        <caption>{label}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {columns.map((column) => (
            <tr key={column.key}>
              <th scope="row">{column.label}</th>
              <td>{format(column.value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
