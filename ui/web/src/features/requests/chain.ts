/**
 * Reads a decision chain into what the dashboard draws: selections, attempts
 * and their place in time. Pure; every field of an entry may be absent.
 */
import type { ChainEntry, DecisionContext, RouteTrace, SpecialSetting, UsageLog } from '@/api/types';
import { isRunning } from './elapsed';

export type AttemptOutcome = 'ok' | 'failed' | 'limited' | 'aborted' | 'live';
export type PickMethod = 'sticky' | 'affinity' | 'draw';

export interface Selection {
  provider: string;
  method: PickMethod;
  atMs: number | undefined;
  priority: number | undefined;
  /** Share of the draw, 0 to 1. */
  probability: number | undefined;
  candidates: number | undefined;
  /** Since when the session was bound, as a time in ms. */
  since: number | undefined;
  context: DecisionContext | undefined;
}

export interface Attempt {
  n: number;
  providerId: number | undefined;
  provider: string;
  providerType: string | undefined;
  /** Index of the selection that chose it. */
  selection: number | undefined;
  role: 'primary' | 'retry' | 'switch';
  outcome: AttemptOutcome;
  status: number | undefined;
  reason: string;
  message: string | undefined;
  startMs: number | undefined;
  endMs: number | undefined;
  /** How far it came with a new connection by when; undefined if one was there. */
  connectedMs: number | undefined;
  breaker: { failures: number; threshold: number } | undefined;
  redirect: { from: string; to: string } | undefined;
  /** What became of the request on the way to another protocol; drops are codes of losses. */
  conversion: { from: string; to: string; drops: string[] } | undefined;
  /** What the gateway did to the call on its own account, and what it found out about it. */
  special: SpecialSetting[];
}

export interface ChainEvent {
  reason: string;
  provider: string | undefined;
  message: string | undefined;
  atMs: number | undefined;
}

/** Everything in the order in which it happened. */
export type ChainItem =
  | { kind: 'selection'; index: number }
  | { kind: 'attempt'; index: number }
  | { kind: 'event'; event: ChainEvent };

export interface Chain {
  selections: Selection[];
  attempts: Attempt[];
  order: ChainItem[];
}

const picks: Record<string, PickMethod> = { session_reuse: 'sticky', affinity_hit: 'affinity', initial_selection: 'draw' };
const successes = new Set(['request_success', 'retry_success', 'hedge_winner']);
const failures = new Set([
  'retry_failed', 'system_error', 'resource_not_found', 'upstream_rejected', 'client_error_non_retryable',
  'endpoint_pool_exhausted', 'vendor_type_all_timeout',
]);
/** Reasons that end an attempt if one was running, and stand alone otherwise. */
const endings = new Set(['client_abort', 'local_overload', 'internal_error', 'interrupted', 'server_shutdown']);

/** Milliseconds after the request was received; undefined without a usable time. */
function offset(entry: ChainEntry, receivedAt: number): number | undefined {
  if (entry.timestamp === undefined) return undefined;
  const at = typeof entry.timestamp === 'number' ? entry.timestamp : Date.parse(entry.timestamp);
  return Number.isFinite(at) && Number.isFinite(receivedAt) ? Math.max(0, at - receivedAt) : undefined;
}

function message(entry: ChainEntry): string | undefined {
  const details = entry.errorDetails;
  return plainMessage(entry.errorMessage ?? details?.system?.errorMessage) ?? entry.detail;
}

function outcomeOf(entry: ChainEntry): AttemptOutcome {
  if (entry.reason === 'client_abort') return 'aborted';
  if (successes.has(entry.reason ?? '')) return 'ok';
  const status = entry.statusCode;
  return status === 429 || (status !== undefined && status >= 400 && status < 500) ? 'limited' : 'failed';
}

function breakerOf(entry: ChainEntry): Attempt['breaker'] {
  const { circuitFailureCount: failures, circuitFailureThreshold: threshold } = entry;
  return failures !== undefined && threshold !== undefined && threshold > 0 && failures > 0 ? { failures, threshold } : undefined;
}

function nobody(context: DecisionContext, atMs: number | undefined): Selection {
  return { provider: '', method: 'draw', atMs, priority: undefined, probability: undefined, candidates: 0, since: undefined, context };
}

/** The sentence inside an error body, clipped: upstreams answer in JSON of many shapes. */
export function plainMessage(text: string | undefined): string | undefined {
  if (!text) return undefined;
  let plain = text.trim();
  try {
    const body = JSON.parse(plain) as { error?: { message?: unknown } | string; message?: unknown };
    const inner = typeof body.error === 'string' ? body.error : (body.error?.message ?? body.message);
    if (typeof inner === 'string' && inner !== '') plain = inner;
  } catch {
    // Not JSON, or cut in the middle.
  }
  return plain.length > MAX_MESSAGE ? `${plain.slice(0, MAX_MESSAGE)}…` : plain;
}

const MAX_MESSAGE = 200;

class Reader {
  private readonly chain: Chain = { selections: [], attempts: [], order: [] };
  private lastMs = 0;

  constructor(
    private readonly receivedAt: number,
    private readonly special: readonly SpecialSetting[],
    private readonly trace: RouteTrace | null | undefined,
  ) {}

  read(entry: ChainEntry): void {
    const reason = entry.reason ?? '';
    const method = picks[reason];
    if (method) this.select(entry, method);
    else if (successes.has(reason) || failures.has(reason) || (endings.has(reason) && entry.name && entry.attemptNumber)) this.attempt(entry);
    else this.event(entry, reason);
  }

  /** Closes the chain: a request without an end gets a live attempt on its last pick. */
  finish(running: boolean): Chain {
    const { selections, attempts, order } = this.chain;
    const last = selections.length - 1;
    const pick = selections[last];
    if (running && pick && !attempts.some((attempt) => attempt.selection === last && attempt.outcome === 'ok')) {
      attempts.push({
        n: attempts.length + 1, providerId: undefined, provider: pick.provider, providerType: undefined, selection: last,
        role: attempts.length === 0 ? 'primary' : 'switch', outcome: 'live', status: undefined, reason: 'running',
        message: undefined, startMs: pick.atMs ?? this.lastMs, endMs: undefined, connectedMs: undefined, breaker: undefined, redirect: undefined,
        conversion: undefined, special: [],
      });
      order.push({ kind: 'attempt', index: attempts.length - 1 });
    }
    return this.chain;
  }

  private select(entry: ChainEntry, method: PickMethod, atMs = offset(entry, this.receivedAt)): void {
    const candidates = entry.decisionContext?.candidatesAtPriority ?? undefined;
    const own = candidates?.find((candidate) => candidate.id === entry.id);
    const sessionAge = entry.decisionContext?.sessionAge;
    this.chain.selections.push({
      provider: entry.name ?? `#${entry.id ?? '?'}`,
      method,
      atMs,
      priority: entry.decisionContext?.selectedPriority ?? entry.priority,
      probability: own?.probability,
      candidates: candidates?.length,
      since: method === 'sticky' && sessionAge && atMs !== undefined ? this.receivedAt + atMs - sessionAge : undefined,
      context: entry.decisionContext,
    });
    if (atMs !== undefined) this.lastMs = atMs;
    this.chain.order.push({ kind: 'selection', index: this.chain.selections.length - 1 });
  }

  private attempt(entry: ChainEntry): void {
    const { attempts, selections } = this.chain;
    const previous = attempts.at(-1);
    const provider = entry.name ?? `#${entry.id ?? '?'}`;
    const endMs = offset(entry, this.receivedAt);
    const startMs = endMs === undefined ? undefined : entry.durationMs === undefined ? this.lastMs : Math.max(0, endMs - entry.durationMs);
    // Later picks have no entry of their own: the attempt carries what they looked at.
    if (entry.decisionContext && selections.at(-1)?.provider !== provider) this.select(entry, 'draw', startMs);
    attempts.push({
      n: attempts.length + 1,
      providerId: entry.id,
      provider,
      providerType: entry.providerType,
      selection: selections.length > 0 ? selections.length - 1 : undefined,
      role: previous === undefined ? 'primary' : previous.provider === provider ? 'retry' : 'switch',
      outcome: outcomeOf(entry),
      status: entry.statusCode || undefined,
      reason: entry.reason ?? '',
      message: message(entry),
      startMs,
      endMs,
      connectedMs: this.connected(entry.attemptNumber),
      breaker: breakerOf(entry),
      redirect: entry.modelRedirect?.redirectedModel
        ? { from: entry.modelRedirect.originalModel ?? '', to: entry.modelRedirect.redirectedModel }
        : undefined,
      conversion: entry.conversion?.to
        ? { from: entry.conversion.from ?? '', to: entry.conversion.to, drops: entry.conversion.drops ?? [] }
        : undefined,
      special: this.special.filter(({ attempt }) => attempt !== undefined && attempt === entry.attemptNumber),
    });
    if (endMs !== undefined) this.lastMs = endMs;
    this.chain.order.push({ kind: 'attempt', index: attempts.length - 1 });
  }

  private connected(attempt: number | undefined): number | undefined {
    const dial = this.trace?.dials?.find((made) => made.attempt === attempt);
    return dial?.tlsMs ?? dial?.connectMs ?? dial?.dnsMs;
  }

  private event(entry: ChainEntry, reason: string): void {
    // A pick whose provider gave no slot, or a search that found nobody: what it looked at is worth seeing.
    if (entry.decisionContext?.candidatesAtPriority && entry.name) this.select(entry, 'draw');
    else if (entry.decisionContext?.filteredProviders && !entry.name) this.chain.selections.push(nobody(entry.decisionContext, offset(entry, this.receivedAt)));
    this.chain.order.push({
      kind: 'event',
      event: { reason, provider: entry.name ?? this.chain.attempts.find((attempt) => attempt.providerId === entry.id && entry.id !== undefined)?.provider, message: message(entry), atMs: offset(entry, this.receivedAt) },
    });
  }
}

type Row = Pick<UsageLog, 'createdAt' | 'statusCode'> & { specialSettings?: readonly SpecialSetting[]; routeTrace?: RouteTrace | null };

export function readChain(entries: readonly ChainEntry[] | null | undefined, log: Row): Chain {
  const reader = new Reader(Date.parse(log.createdAt), log.specialSettings ?? [], log.routeTrace);
  for (const entry of entries ?? []) reader.read(entry);
  return reader.finish(isRunning(log));
}

/** The effort that the client asked for; undefined if it named none. */
export function effortAsked(special: readonly SpecialSetting[] | null | undefined): string | undefined {
  return special?.find(({ effort }) => !!effort)?.effort;
}

/** A segment of the route ribbon. */
export interface RibbonSegment {
  outcome: AttemptOutcome | 'refused';
  /** Relative width; the drawing keeps a minimum. */
  weight: number;
}

export interface Ribbon {
  sticky: boolean;
  segments: RibbonSegment[];
}

/** The ribbon of a whole chain, as wide as each attempt took. */
export function chainRibbon(chain: Chain, log: UsageLog): Ribbon {
  if (chain.attempts.length === 0) return rowRibbon(log);
  return {
    sticky: chain.selections[0]?.method === 'sticky',
    segments: chain.attempts.map((attempt) => ({
      outcome: attempt.outcome,
      weight: attempt.startMs === undefined ? 1 : (attempt.endMs ?? log.durationMs ?? attempt.startMs + 1) - attempt.startMs,
    })),
  };
}

/** The ribbon of a log row, which knows only how many attempts there were and how it ended. */
export function rowRibbon(log: UsageLog): Ribbon {
  const { attempts } = log;
  if (attempts === 0 && log.statusCode != null) return { sticky: false, segments: [{ outcome: 'refused', weight: 1 }] };
  const end: AttemptOutcome =
    log.statusCode == null ? 'live' : log.statusCode === 499 ? 'aborted' : log.statusCode < 400 ? 'ok' : log.statusCode < 500 ? 'limited' : 'failed';
  const failed = Array.from({ length: Math.max(0, attempts - 1) }, (): RibbonSegment => ({ outcome: 'failed', weight: 0 }));
  return { sticky: false, segments: [...failed, { outcome: end, weight: 1 }] };
}
