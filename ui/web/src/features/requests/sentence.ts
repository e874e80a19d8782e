/**
 * The route of a request in words. A sentence is a translation key with values;
 * the text must make sense without any drawing.
 */
import type { UsageLog } from '@/api/types';
import type { Attempt, Chain, Selection } from './chain';

export interface Sentence {
  key: string;
  values: Record<string, string | number>;
}

interface Format {
  latency: (ms: number | null | undefined) => string;
  percent: (part: number, whole: number) => string;
  time: (iso: string, style?: 'clock') => string;
}

const prefix = 'route.sentence.';

/** Attempts on one provider with the same answer, told once. */
interface Group {
  attempts: Attempt[];
  first: Attempt;
  last: Attempt;
}

function groups(attempts: readonly Attempt[]): Group[] {
  const result: Group[] = [];
  for (const attempt of attempts) {
    const open = result.at(-1);
    const same = open && open.last.provider === attempt.provider && open.last.outcome === attempt.outcome && open.last.status === attempt.status;
    if (same) {
      open.attempts.push(attempt);
      open.last = attempt;
    } else {
      result.push({ attempts: [attempt], first: attempt, last: attempt });
    }
  }
  return result;
}

function opening(selection: Selection | undefined, attempt: Attempt, first: boolean, format: Format): Sentence {
  const values: Sentence['values'] = { name: attempt.provider };
  if (first && selection?.method === 'sticky') {
    if (selection.since === undefined) return { key: `${prefix}sticky`, values };
    return { key: `${prefix}stickySince`, values: { ...values, since: format.time(new Date(selection.since).toISOString(), 'clock') } };
  }
  if (first && selection?.method === 'affinity') return { key: `${prefix}affinity`, values };
  const verb = first ? 'picked' : 'moved';
  const { candidates, probability, priority } = selection ?? {};
  if (candidates === 1) return { key: `${prefix}${verb}Only`, values: { ...values, priority: priority ?? 0 } };
  if (candidates !== undefined && probability !== undefined) {
    return {
      key: `${prefix}${verb}Draw`,
      values: { ...values, priority: priority ?? 0, chance: format.percent(probability, 1), count: candidates },
    };
  }
  return { key: `${prefix}${verb}`, values };
}

function failureKey(attempt: Attempt): string {
  if (attempt.status === 524) return 'timeout';
  if (attempt.status === 520) return 'empty';
  if (attempt.status === undefined) return 'unreachable';
  return attempt.outcome === 'limited' ? 'limited' : 'failed';
}

function failure({ attempts, last }: Group): Sentence {
  const values: Sentence['values'] = { name: last.provider, status: last.status ?? 0, count: attempts.length };
  if (!last.breaker) return { key: prefix + failureKey(last), values };
  Object.assign(values, last.breaker);
  const opened = last.breaker.failures >= last.breaker.threshold;
  return { key: `${prefix}${failureKey(last)}${opened ? 'Opened' : 'Counted'}`, values };
}

function success(attempt: Attempt, log: UsageLog, format: Format): Sentence {
  const values: Sentence['values'] = { name: attempt.provider, status: attempt.status ?? log.statusCode ?? 200, total: format.latency(log.durationMs) };
  const first = log.ttftMs ?? log.ttfbMs;
  if (first == null) return { key: `${prefix}answered`, values };
  return { key: `${prefix}answeredAfter`, values: { ...values, first: format.latency(first) } };
}

function result(group: Group, log: UsageLog, format: Format): Sentence {
  const { last } = group;
  switch (last.outcome) {
    case 'ok':
      return success(last, log, format);
    case 'aborted':
      return { key: `${prefix}aborted`, values: { total: format.latency(log.durationMs) } };
    case 'live':
      return { key: `${prefix}live`, values: { name: last.provider } };
    default:
      return failure(group);
  }
}

function withoutAttempts(log: UsageLog, format: Format): Sentence[] {
  if (log.statusCode == null) return [{ key: `${prefix}waiting`, values: {} }];
  const values = { status: log.statusCode, total: format.latency(log.durationMs), count: log.attempts };
  if (log.statusCode === 499) return [{ key: `${prefix}aborted`, values }];
  if (log.blockedBy || log.attempts === 0) {
    return [{ key: `${prefix}refused`, values: { ...values, reason: log.blockedReason ?? log.errorMessage ?? log.errorCode ?? log.blockedBy ?? '' } }];
  }
  return [{ key: log.statusCode < 400 ? `${prefix}plainOk` : `${prefix}plainFailed`, values }];
}

/** The sentences of a request, in order. Never empty. */
export function sentences(chain: Chain, log: UsageLog, format: Format): Sentence[] {
  if (chain.attempts.length === 0) return withoutAttempts(log, format);
  const told: Sentence[] = [];
  let selection: number | undefined;
  let provider: string | undefined;
  for (const group of groups(chain.attempts)) {
    const { first } = group;
    const fresh = provider === undefined || first.provider !== provider || first.selection !== selection;
    if (fresh && first.provider !== provider) {
      told.push(opening(first.selection === undefined ? undefined : chain.selections[first.selection], first, provider === undefined, format));
    }
    selection = first.selection;
    provider = first.provider;
    told.push(result(group, log, format));
  }
  const last = chain.attempts.at(-1);
  if (last && (last.outcome === 'failed' || last.outcome === 'limited') && log.statusCode != null) {
    told.push({ key: `${prefix}gaveUp`, values: { status: log.statusCode, total: format.latency(log.durationMs) } });
  }
  return told;
}
