/** The statistics of a time as columns and as shares of models. Pure. */
import type { Figures, OwnStats } from '@/api/types';
import type { Metric } from './search';

const figureOf: Record<Metric, (figures: Figures) => number> = {
  cost: (figures) => figures.costUsd,
  requests: (figures) => figures.requests,
  tokens: (figures) => figures.totalTokens,
};

export interface Point {
  at: string;
  value: number;
  figures: Figures;
}

export function pointsOf(stats: Pick<OwnStats, 'buckets'>, metric: Metric): Point[] {
  return stats.buckets.map(({ at, figures }) => ({ at, value: figureOf[metric](figures), figures }));
}

export interface ModelShare {
  /** null is all that have no name of their own. */
  model: string | null;
  value: number;
  /** Of the whole, 0..1; null where there is no whole. */
  share: number | null;
}

/** The models that make up most of it first, those without a name last; all beyond `most` are one without a name. */
export function sharesOf(stats: Pick<OwnStats, 'byModel' | 'total'>, metric: Metric, most: number): ModelShare[] {
  const whole = figureOf[metric](stats.total);
  const all = stats.byModel.map(({ model, figures }) => ({ model, value: figureOf[metric](figures) }));
  const named = all.filter(({ model }) => model !== null).sort((a, b) => b.value - a.value);
  const rest = [...named.slice(most), ...all.filter(({ model }) => model === null)];
  const rows = named.slice(0, most);
  if (rest.length > 0) rows.push({ model: null, value: rest.reduce((sum, { value }) => sum + value, 0) });
  return rows.map((row) => ({ ...row, share: whole > 0 ? row.value / whole : null }));
}
