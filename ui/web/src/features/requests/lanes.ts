/** Geometry of the waterfall: lanes, phases and the axis. Pure. */
import type { UsageLog } from '@/api/types';
import type { Attempt, Chain } from './chain';
import { elapsedMs } from './elapsed';

export type Phase = 'connect' | 'wait' | 'stream' | 'failed' | 'limited' | 'aborted' | 'live';

export interface LanePart {
  phase: Phase;
  fromMs: number;
  toMs: number;
}

export interface Lane {
  attempt: Attempt;
  /** Idle time before the attempt, in ms, if long enough to be told. */
  gapMs: number;
  parts: LanePart[];
}

export interface Waterfall {
  lanes: Lane[];
  /** The end of the axis, in ms. */
  totalMs: number;
  ticks: number[];
  /** First token delivered to the client. */
  firstTokenMs: number | undefined;
}

const NOTABLE_GAP = 20;

/** Steps of 1, 2 or 5 times a power of ten, at most one more than wanted. */
export function axisTicks(totalMs: number, wanted = 5): number[] {
  const rough = Math.max(totalMs, 1) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? power * 10;
  const ticks: number[] = [];
  for (let at = 0; at <= totalMs * 1.001; at += step) ticks.push(Math.round(at * 1000) / 1000);
  return ticks;
}

/** Whole seconds where the axis is long enough, else milliseconds. */
export function axisLabel(ms: number, totalMs: number): string {
  return totalMs >= 2000 ? `${Number((ms / 1000).toFixed(2))} s` : `${Math.round(ms)} ms`;
}

const endPhase: Record<Attempt['outcome'], Phase> = { ok: 'stream', failed: 'failed', limited: 'limited', aborted: 'aborted', live: 'live' };

/** The bars of an attempt, of which making a connection is the first where one had to be made. */
function parts(attempt: Attempt, from: number, to: number, firstToken: number | undefined): LanePart[] {
  const ready = attempt.connectedMs ?? from;
  if (ready <= from || ready >= to) return answerParts(attempt, from, to, firstToken);
  return [{ phase: 'connect', fromMs: from, toMs: ready }, ...answerParts(attempt, ready, to, firstToken)];
}

function answerParts(attempt: Attempt, from: number, to: number, firstToken: number | undefined): LanePart[] {
  const phase = endPhase[attempt.outcome];
  const answered = attempt.outcome === 'ok' || attempt.outcome === 'aborted' || attempt.outcome === 'live';
  if (!answered || firstToken === undefined || firstToken <= from || firstToken >= to) {
    return [{ phase: attempt.outcome === 'ok' && firstToken === undefined ? 'stream' : phase, fromMs: from, toMs: to }];
  }
  return [
    { phase: 'wait', fromMs: from, toMs: firstToken },
    { phase, fromMs: firstToken, toMs: to },
  ];
}

/** Lays out the attempts; undefined if the chain carries no times. */
export function waterfall(chain: Chain, log: UsageLog, nowMs: number, wantedTicks = 5): Waterfall | undefined {
  const timed = chain.attempts.filter((attempt) => attempt.startMs !== undefined);
  const elapsed = elapsedMs(log, nowMs) ?? Math.max(0, ...timed.map((attempt) => attempt.endMs ?? 0));
  if (timed.length === 0 || elapsed <= 0) return undefined;
  const firstTokenMs = log.ttftMs ?? log.ttfbMs ?? undefined;
  let before = 0;
  let totalMs = elapsed;
  const lanes = timed.map((attempt, i): Lane => {
    const from = attempt.startMs ?? 0;
    const isLast = i === timed.length - 1;
    // The entry of the answering attempt may be written when its headers came; it lasts to the end.
    const to = Math.max(from + 1, isLast && attempt.outcome !== 'failed' && attempt.outcome !== 'limited' ? elapsed : (attempt.endMs ?? elapsed));
    totalMs = Math.max(totalMs, to);
    const gapMs = Math.max(0, from - before);
    before = to;
    return { attempt, gapMs: gapMs >= NOTABLE_GAP ? gapMs : 0, parts: parts(attempt, from, to, isLast ? firstTokenMs : undefined) };
  });
  return { lanes, totalMs, ticks: axisTicks(totalMs, wantedTicks), firstTokenMs: timed.at(-1)?.outcome === 'ok' ? firstTokenMs : undefined };
}
