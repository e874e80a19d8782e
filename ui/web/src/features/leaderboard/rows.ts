/** What a row of the board is called and how it moved. */
import type { BoardPart, BoardRow, Figures } from '@/api/types';
import type { Metric } from './search';

/** Tells the rows of a board apart, in the address too. */
export function rowKey(row: Pick<BoardRow, 'id' | 'model'>): string {
  return row.model !== null ? `m:${row.model}` : String(row.id ?? 0);
}

/** The name, else the number; undefined for the models that a day does not tell apart. */
export function rowName(row: Pick<BoardRow, 'id' | 'name' | 'model'>): string | undefined {
  if (row.model !== null) return row.model || undefined;
  return row.name ?? (row.id === null ? undefined : `#${row.id}`);
}

export function partName(part: BoardPart): string | undefined {
  return rowName({ id: part.providerId, name: part.providerName, model: part.model });
}

/** Places gained since the period before; "new" for who was not there. */
export function movement(row: Pick<BoardRow, 'rank' | 'previousRank'>): number | 'new' {
  return row.previousRank === null ? 'new' : row.previousRank - row.rank;
}

/** The figures that add up; of a rate nothing is a part. */
const sums: Partial<Record<Metric, 'costUsd' | 'requests' | 'totalTokens'>> = { cost: 'costUsd', requests: 'requests', tokens: 'totalTokens' };

/** Part of the whole, 0..1; null where nothing is a part. */
export function partShare(metric: Metric, part: Figures, whole: Figures): number | null {
  const figure = sums[metric];
  return figure && whole[figure] > 0 ? part[figure] / whole[figure] : null;
}

/** What the first rows hold together; null where a share is unknown. */
export function firstShare(rows: readonly Pick<BoardRow, 'share'>[], count: number): number | null {
  let sum = 0;
  for (const { share } of rows.slice(0, count)) {
    if (share === null) return null;
    sum += share;
  }
  return sum;
}
