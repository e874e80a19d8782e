import { describe, expect, it } from 'vitest';
import type { ChainEntry, UsageLog } from '@/api/types';
import * as format from '@/lib/format';
import { chainRibbon, effortAsked, plainMessage, readChain, rowRibbon } from './chain';
import { elapsedMs } from './elapsed';
import { funnel, removed } from './funnel';
import { axisLabel, axisTicks, waterfall } from './lanes';
import { sentences } from './sentence';

const at = Date.parse('2026-11-19T14:30:52Z');

function log(extra: Partial<UsageLog> = {}): UsageLog {
  return { id: '1', requestId: 'req_1', createdAt: new Date(at).toISOString(), model: 'claude-opus-5', statusCode: 200, durationMs: 10_200, ttftMs: 3_300, attempts: 1, ...extra } as UsageLog;
}

const words = {
  latency: format.latency,
  percent: format.percent,
  time: (iso: string) => iso.slice(11, 16),
};
const tell = (entries: ChainEntry[], row: UsageLog) => sentences(readChain(entries, row), row, words).map(({ key, values }) => [key.replace('route.sentence.', ''), values]);

const two = [{ id: 4, name: 'Northwind', probability: 0.714 }, { id: 5, name: 'Meridian', probability: 0.286 }];
const failover: ChainEntry[] = [
  { id: 3, name: 'Kestrel', reason: 'session_reuse', timestamp: at + 3, decisionContext: { sessionAge: 1_977_000 } },
  { id: 3, name: 'Kestrel', reason: 'retry_failed', statusCode: 529, attemptNumber: 1, timestamp: at + 848, durationMs: 800, circuitFailureCount: 4, circuitFailureThreshold: 5 },
  { id: 3, name: 'Kestrel', reason: 'retry_failed', statusCode: 529, attemptNumber: 2, timestamp: at + 1660, durationMs: 610, circuitFailureCount: 5, circuitFailureThreshold: 5 },
  { id: 5, name: 'Meridian', reason: 'retry_failed', statusCode: 429, attemptNumber: 3, timestamp: at + 1980, durationMs: 300, decisionContext: { candidatesAtPriority: two, selectedPriority: 5 } },
  { id: 4, name: 'Northwind', reason: 'retry_success', statusCode: 200, attemptNumber: 4, timestamp: at + 10_200, durationMs: 8_200, decisionContext: { candidatesAtPriority: [two[0]!], selectedPriority: 5 } },
  { id: 4, reason: 'binding_changed', detail: 'circuit_open_fallback', timestamp: at + 10_200 },
];

it('takes a row with a status as ended, also without a length', () => {
  const ended = log({ durationMs: null });
  expect(elapsedMs(ended, at + 60_000)).toBeNull();
  expect(elapsedMs(log(), at + 60_000)).toBe(10_200);
  expect(elapsedMs(log({ statusCode: null, durationMs: null }), at + 60_000)).toBe(60_000);
  expect(rowRibbon(ended).segments).toEqual([{ outcome: 'ok', weight: 1 }]);
  const drawing = waterfall(readChain(failover, ended), ended, at + 3_600_000);
  expect(drawing?.totalMs).toBe(10_200);
  expect(drawing?.lanes.flatMap((lane) => lane.parts.map((part) => part.phase))).not.toContain('live');
});

describe('readChain', () => {
  it('tells of an attempt what a conversion lost and what was done on our account', () => {
    const entries: ChainEntry[] = [
      { id: 3, name: 'Kestrel', reason: 'initial_selection', timestamp: at },
      { id: 3, name: 'Kestrel', reason: 'request_success', statusCode: 200, attemptNumber: 1, timestamp: at + 800, conversion: { from: 'chat', to: 'responses', drops: ['seed', 'hosted_tool:mcp'] } },
    ];
    const special = [{ type: 'codex_instructions', attempt: 1, mode: 'auto', trigger: 'absent' }, { type: 'stream_options_rectifier', attempt: 2 }];
    const [attempt] = readChain(entries, { ...log(), specialSettings: special }).attempts;
    expect(attempt).toMatchObject({ conversion: { from: 'chat', to: 'responses', drops: ['seed', 'hosted_tool:mcp'] }, special: [{ type: 'codex_instructions' }] });
    expect(attempt?.special).toHaveLength(1);
  });

  it('reads the effort that the client asked for, which belongs to no attempt', () => {
    expect(effortAsked([{ type: 'request_filter' }, { type: 'anthropic_effort', effort: 'high' }])).toBe('high');
    expect(effortAsked([{ type: 'request_filter' }])).toBeUndefined();
    expect(effortAsked(null)).toBeUndefined();
  });

  it('finds selections that have no entry of their own', () => {
    const chain = readChain(failover, log({ attempts: 4 }));
    expect(chain.selections.map(({ provider, method }) => [provider, method])).toEqual([['Kestrel', 'sticky'], ['Meridian', 'draw'], ['Northwind', 'draw']]);
    expect(chain.selections[1]).toMatchObject({ probability: 0.286, candidates: 2, priority: 5, atMs: 1680 });
    expect(chain.attempts.map(({ role, outcome, selection }) => [role, outcome, selection])).toEqual([
      ['primary', 'failed', 0], ['retry', 'failed', 0], ['switch', 'limited', 1], ['switch', 'ok', 2],
    ]);
  });
  it('places attempts by their own length, else after what came before', () => {
    const [first, second] = readChain([failover[0]!, { ...failover[1]!, durationMs: undefined }, failover[2]!], log()).attempts;
    expect([first!.startMs, first!.endMs]).toEqual([3, 848]);
    expect([second!.startMs, second!.endMs]).toEqual([1050, 1660]);
  });
  it('names the provider of a binding by an attempt', () => {
    const { order } = readChain(failover, log());
    expect(order.at(-1)).toEqual({ kind: 'event', event: { reason: 'binding_changed', provider: 'Northwind', message: 'circuit_open_fallback', atMs: 10_200 } });
  });
  it('shows a running request as a live attempt on its last pick', () => {
    const chain = readChain([failover[0]!, failover[1]!], log({ statusCode: null, durationMs: null }));
    expect(chain.attempts.map((attempt) => attempt.outcome)).toEqual(['failed', 'live']);
  });
  it('counts a refused slot as a pick, not as an attempt', () => {
    const chain = readChain([{ id: 5, name: 'Meridian', reason: 'concurrent_limit_failed', timestamp: at, decisionContext: { candidatesAtPriority: two } }], log());
    expect(chain.attempts).toEqual([]);
    expect(chain.order.map((item) => item.kind)).toEqual(['selection', 'event']);
  });
  it('keeps what was looked at when nobody was left', () => {
    const chain = readChain([{ reason: 'no_provider', timestamp: at, decisionContext: { totalProviders: 1, filteredProviders: [{ id: 1, name: 'A', reason: 'circuit_open' }] } }], log({ statusCode: 503, attempts: 0 }));
    expect(removed(chain.selections[0]!.context!)).toEqual([{ id: 1, name: 'A', reason: 'circuit_open', details: undefined }]);
    expect(chain.order).toHaveLength(1);
  });
  it('survives entries that say nothing', () => {
    expect(readChain([{}, { reason: 'news' }, { reason: 'retry_failed' }], log()).attempts).toHaveLength(1);
    expect(readChain(null, log())).toEqual({ selections: [], attempts: [], order: [] });
  });
});

describe('sentences', () => {
  it('tells a failover in order', () => {
    expect(tell(failover, log({ attempts: 4 }))).toEqual([
      ['stickySince', { name: 'Kestrel', since: '13:57' }],
      ['failedOpened', { name: 'Kestrel', status: 529, count: 2, failures: 5, threshold: 5 }],
      ['movedDraw', { name: 'Meridian', priority: 5, chance: '28.6 %', count: 2 }],
      ['limited', { name: 'Meridian', status: 429, count: 1 }],
      ['movedOnly', { name: 'Northwind', priority: 5 }],
      ['answeredAfter', { name: 'Northwind', status: 200, total: '10.2 s', first: '3.3 s' }],
    ]);
  });
  it('tells a plain success', () => {
    const entries: ChainEntry[] = [
      { id: 4, name: 'Northwind', reason: 'initial_selection', timestamp: at, decisionContext: { candidatesAtPriority: two, selectedPriority: 0 } },
      { id: 4, name: 'Northwind', reason: 'request_success', statusCode: 200, timestamp: at + 900 },
    ];
    expect(tell(entries, log({ ttftMs: null, durationMs: 900 }))).toEqual([
      ['pickedDraw', { name: 'Northwind', priority: 0, chance: '71.4 %', count: 2 }],
      ['answered', { name: 'Northwind', status: 200, total: '900 ms' }],
    ]);
  });
  it.each([
    [{ statusCode: 524 }, 'timeout'], [{ statusCode: 520 }, 'empty'], [{ statusCode: 0 }, 'unreachable'], [{ statusCode: 500 }, 'failed'], [{ statusCode: 404 }, 'limited'],
  ])('names the failure of %j', (extra, key) => {
    const entries = [{ id: 1, name: 'A', reason: 'initial_selection', timestamp: at }, { id: 1, name: 'A', reason: 'system_error', timestamp: at + 5, attemptNumber: 1, ...extra }];
    const told = tell(entries, log({ statusCode: 503, durationMs: 5 }));
    expect(told.map(([name]) => name)).toEqual(['picked', key, 'gaveUp']);
  });
  it('says why nobody was asked', () => {
    expect(tell([], log({ statusCode: 402, attempts: 0, blockedBy: 'limit', blockedReason: '5 h limit: $20 of $20', durationMs: 4 }))).toEqual([
      ['refused', expect.objectContaining({ status: 402, reason: '5 h limit: $20 of $20' })],
    ]);
  });
  it('does without a chain', () => {
    expect(tell([], log({ attempts: 2 }))[0]![0]).toBe('plainOk');
    expect(tell([], log({ attempts: 2, statusCode: 503 }))[0]![0]).toBe('plainFailed');
    expect(tell([], log({ statusCode: 499 }))[0]![0]).toBe('aborted');
    expect(tell([], log({ statusCode: null }))[0]![0]).toBe('waiting');
  });
  it('tells a client that left', () => {
    const entries: ChainEntry[] = [
      { id: 1, name: 'A', reason: 'initial_selection', timestamp: at },
      { id: 1, name: 'A', reason: 'client_abort', phase: 'streaming', attemptNumber: 1, timestamp: at + 3100 },
    ];
    expect(tell(entries, log({ statusCode: 499, durationMs: 3100 })).at(-1)).toEqual(['aborted', { total: '3.1 s' }]);
  });
});

describe('ribbons', () => {
  it('draws a row from its counts alone', () => {
    expect(rowRibbon(log({ attempts: 3 })).segments.map((segment) => segment.outcome)).toEqual(['failed', 'failed', 'ok']);
    expect(rowRibbon(log({ attempts: 0, statusCode: 402 })).segments).toEqual([{ outcome: 'refused', weight: 1 }]);
    expect(rowRibbon(log({ statusCode: null })).segments[0]!.outcome).toBe('live');
    expect(rowRibbon(log({ statusCode: 499 })).segments[0]!.outcome).toBe('aborted');
  });
  it('draws a chain as wide as its attempts took', () => {
    const ribbon = chainRibbon(readChain(failover, log()), log());
    expect(ribbon.sticky).toBe(true);
    expect(ribbon.segments.map((segment) => segment.weight)).toEqual([800, 610, 300, 8200]);
  });
});

describe('waterfall', () => {
  it('splits the answering attempt at the first token and tells back-offs', () => {
    const drawing = waterfall(readChain(failover, log()), log(), at)!;
    expect(drawing.firstTokenMs).toBe(3300);
    expect(drawing.lanes.map((lane) => lane.gapMs)).toEqual([48, 202, 20, 20]);
    expect(drawing.lanes[3]!.parts).toEqual([{ phase: 'wait', fromMs: 2000, toMs: 3300 }, { phase: 'stream', fromMs: 3300, toMs: 10_200 }]);
  });
  it('shows how long a new connection took, as far as it came', () => {
    const dials = [{ attempt: 1, dnsMs: 60 }, { attempt: 4, dnsMs: 2010, connectMs: 2050, tlsMs: 2100 }];
    const { lanes } = waterfall(readChain(failover, { ...log(), routeTrace: { dials } }), log(), at)!;
    expect(lanes[0]!.parts).toEqual([{ phase: 'connect', fromMs: 48, toMs: 60 }, { phase: 'failed', fromMs: 60, toMs: 848 }]);
    expect(lanes[1]!.parts.map(({ phase }) => phase)).toEqual(['failed']);
    expect(lanes[3]!.parts).toEqual([
      { phase: 'connect', fromMs: 2000, toMs: 2100 }, { phase: 'wait', fromMs: 2100, toMs: 3300 }, { phase: 'stream', fromMs: 3300, toMs: 10_200 },
    ]);
  });
  it('grows while the request runs', () => {
    const row = log({ statusCode: null, durationMs: null, ttftMs: null });
    const drawing = waterfall(readChain([failover[0]!], row), row, at + 5000)!;
    expect(drawing.totalMs).toBe(5000);
    expect(drawing.lanes[0]!.parts).toEqual([{ phase: 'live', fromMs: 3, toMs: 5000 }]);
  });
  it('draws nothing without times', () => {
    expect(waterfall(readChain([{ name: 'A', reason: 'retry_failed' }], log()), log(), at)).toBeUndefined();
  });
  it('has round ticks', () => {
    expect(axisTicks(10_200)).toEqual([0, 5000, 10_000]);
    expect(axisTicks(840)).toEqual([0, 200, 400, 600, 800]);
    expect(axisTicks(205, 3)).toEqual([0, 100, 200]);
    expect(axisLabel(2500, 10_200)).toBe('2.5 s');
    expect(axisLabel(200, 840)).toBe('200 ms');
  });
});

describe('funnel', () => {
  it('only narrows, whatever order the counts came in', () => {
    const cells = funnel({ totalProviders: 12, enabledProviders: 8, afterGroupFilter: 11, afterModelFilter: 5, afterHealthCheck: 3, candidatesAtPriority: two });
    expect(cells.map(({ key, count, lost }) => [key, count, lost])).toEqual([['total', 12, 0], ['group', 11, 1], ['enabled', 8, 3], ['model', 5, 3], ['healthy', 3, 2], ['tier', 2, 1]]);
    expect(funnel({})).toEqual([]);
  });
});

it('takes the sentence out of an error body', () => {
  expect(plainMessage('{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}')).toBe('Overloaded');
  expect(plainMessage('{"error":"no"}')).toBe('no');
  expect(plainMessage('{"error":{"mess')).toBe('{"error":{"mess');
  expect(plainMessage('x'.repeat(300))).toHaveLength(201);
  expect(plainMessage('')).toBeUndefined();
});
