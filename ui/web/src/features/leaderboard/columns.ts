/** The figures of a row, by what is ranked. */
import type { BoardRow, Figures } from '@/api/types';
import type { useFormat } from '@/i18n/use-format';
import type { Metric, Scope } from './search';

type Format = ReturnType<typeof useFormat>;

export interface Column {
  key: string;
  /** The metric by which this column ranks. */
  metric?: Metric;
  value: (figures: Figures) => number | null;
  text: (value: number, format: Format) => string;
}

const ratio = (value: number, format: Format) => format.percent(value, 1);
const money = (value: number, format: Format) => format.usd(value);
const amount = (value: number, format: Format) => format.tokens(value);
const each = (sum: number, count: number): number | null => (count > 0 ? sum / count : null);

const requests: Column = { key: 'requests', metric: 'requests', value: (f) => f.requests, text: (value, format) => format.count(value) };
const tokens: Column = { key: 'tokens', metric: 'tokens', value: (f) => f.totalTokens, text: amount };
const cacheHit: Column = { key: 'cacheHitRate', metric: 'cacheHitRate', value: (f) => f.cacheReadShare, text: ratio };
const cost: Column = { key: 'cost', metric: 'cost', value: (f) => f.costUsd, text: money };
const success: Column = { key: 'success', value: (f) => f.successRate, text: ratio };
const firstToken: Column = { key: 'firstToken', value: (f) => f.avgTtftMs, text: (value, format) => format.latency(value) };
const speed: Column = { key: 'speed', value: (f) => f.tokensPerSecond, text: (value, format) => format.count(Math.round(value)) };
const costPerRequest: Column = { key: 'costPerRequest', value: (f) => each(f.costUsd, f.requests), text: money };
const costPerMTok: Column = { key: 'costPerMTok', value: (f) => each(f.costUsd * 1e6, f.totalTokens), text: money };

const who = [requests, tokens, cacheHit, cost];
const byScope: Record<Scope, Column[]> = {
  user: who,
  key: who,
  provider: [requests, tokens, success, firstToken, speed, costPerRequest, costPerMTok, cacheHit, cost],
  model: [requests, tokens, success, firstToken, speed, cacheHit, cost],
};

export function columnsOf(scope: Scope): Column[] {
  return byScope[scope];
}

/** A figure as it is read; a dash where there is none. */
export function figureText(column: Column, figures: Figures, format: Format): string {
  const value = column.value(figures);
  return value === null ? '–' : column.text(value, format);
}

/** The board as rows of a file: a head, then figures without rounding or units. */
export function boardTable(rows: readonly BoardRow[], columns: readonly Column[], name: (row: BoardRow) => string, head: (key: string) => string): (string | number | null)[][] {
  return [
    ['rank', 'name', ...columns.map(({ key }) => key), 'share'].map(head),
    ...rows.map((row) => [row.rank, name(row), ...columns.map((column) => column.value(row.figures)), row.share]),
  ];
}
