// Invented data for mock.mjs.
const now = Date.now();
const iso = (at) => new Date(at).toISOString();
const breaker = { failureThreshold: 5, openDurationMs: 1_800_000, halfOpenSuccessThreshold: 2 };

const provider = (id, name, type, url, priority, weight, costMultiplier, groups, extra = {}) => ({
  id, version: 1, name, type, url, keyLast4: '2be6', isEnabled: true, weight, priority, costMultiplier, groups,
  acceptFormats: 'native', modelRedirects: [], allowedModels: [], circuitBreaker: breaker, description: null,
  limitConcurrentRequests: 20, createdAt: iso(now - 9e9), ...extra,
});

export const providers = [
  provider(1, 'Anthropic Direct', 'claude', 'https://api.anthropic.com', 0, 60, 1, ['core']),
  provider(2, 'Anthropic Team', 'claude', 'https://api.anthropic.com', 0, 40, 1, ['core']),
  provider(3, 'Kestrel EU', 'claude', 'https://eu.kestrel.example', 5, 30, 0.82, ['default']),
  provider(4, 'Northwind Relay', 'claude', 'https://relay.northwind.example', 5, 50, 0.85, ['default'], {
    dailyLimitUsd: 50,
    modelRedirects: [{ matchType: 'exact', source: 'claude-opus-4-8', target: 'claude-opus-5' }, { matchType: 'prefix', source: 'claude-3-', target: 'claude-haiku-4-5' }],
  }),
  provider(5, 'Meridian', 'claude', 'https://gw.meridian.example', 5, 20, 0.9, ['default', 'research']),
  provider(6, 'Sable Proxy', 'claude', 'https://sable.example', 9, 1, 0.7, ['default'], { isEnabled: false }),
  provider(7, 'OpenAI Platform', 'codex', 'https://api.openai.com', 0, 70, 1, ['core', 'default']),
  provider(8, 'Halcyon Codex', 'codex', 'https://codex.halcyon.example', 0, 30, 0.75, ['default']),
  provider(9, 'Azure Sweden', 'openai-compatible', 'https://cch-swe.openai.azure.com', 5, 50, 1, ['core']),
  provider(10, 'Lab vLLM', 'openai-compatible', 'http://vllm.lab.internal:8000', 9, 1, 0, ['research']),
  provider(11, 'Gemini API', 'gemini', 'https://generativelanguage.googleapis.com', 0, 60, 1, ['default']),
  provider(12, 'Vertex Pool', 'gemini', 'https://us-east5-aiplatform.googleapis.com', 0, 40, 1, ['core']),
];

export const health = providers.map((entry) => ({
  providerId: entry.id,
  state: entry.id === 3 ? 'open' : entry.id === 8 ? 'half_open' : 'closed',
  failures: entry.id === 3 ? 5 : entry.id === 5 ? 2 : 0,
  retryAt: entry.id === 3 ? iso(now + 1_724_000) : null,
  inFlight: [14, 9, 0, 6, 2, 0, 5, 1, 1, 0, 3, 1][entry.id - 1],
  limit: entry.id === 10 ? null : entry.id === 1 ? 40 : 20,
  lastError: entry.id === 3 ? '529 overloaded_error' : null,
}));

const people = [
  ['Priya Raman', 'Platform', ['core', 'default'], 40, 120, 3],
  ['Jonas Weber', 'Platform', ['core'], 40, 120, 2],
  ['Mei Tanaka', 'Research', ['default', 'research'], 60, 150, 2],
  ['CI nightly', 'Automation', ['core'], 30, 80, 4],
  ['Lucas Ortega', 'Mobile', ['core'], 30, 80, 1],
  ['Anya Petrova', 'Data', ['default'], 30, 80, 1],
  ['Chen Wei', 'Mobile', ['default'], 30, 80, 1],
  ['Fatima Zahra', 'Data', ['core', 'default'], 30, 80, 1],
  ['Tom Becker', 'Interns', ['default'], 20, 25, 1],
  ['Sofia Rossi', 'Interns', ['default'], 20, 25, 1],
  ['Erik Holm', 'Left 7 Nov', ['default'], 20, 25, 1],
];

export const users = people.map(([name, description, groups, limit5hUsd, dailyLimitUsd, keys], i) => ({
  id: i + 1, version: 1, name, description, role: i === 0 ? 'admin' : 'user', isEnabled: true, groups, allowedModels: [],
  expiresAt: i === 5 ? iso(now + 5 * 86_400_000) : i === 10 ? iso(now - 12 * 86_400_000) : null,
  limit5hUsd, dailyLimitUsd, limitWeeklyUsd: dailyLimitUsd * 5, limitMonthlyUsd: dailyLimitUsd * 16, limitConcurrentSessions: 6,
  keys: Array.from({ length: keys }, (_, k) => ({
    id: (i + 1) * 10 + k, version: 1, userId: i + 1, name: ['laptop', 'workstation', 'phone test', 'spare'][k], keyPrefix: 'sk-', keyLast4: ['a41c', '09be', '77d2', '1f0e'][k],
    isEnabled: true, groups: [], limit5hUsd: limit5hUsd - 10, dailyLimitUsd: dailyLimitUsd - 20, lastUsedAt: iso(now - [14_000, 1_320_000, 10_800_000, 9e7][k]),
  })),
}));

export function usageOf(kind, id) {
  const entity = kind === 'users' ? users[id - 1] : users.flatMap((user) => user.keys).find((key) => key.id === id);
  const share = id === 9 ? 1 : ((id * 37) % 80) / 100 + 0.05;
  const window = (limitType, limit, part) => ({ limitType, limit: limit ?? null, usedUsd: limit ? limit * part : 12.4 * part, resetAt: iso(now + 3_600_000) });
  return {
    scope: kind === 'users' ? 'user' : 'key', id, name: entity?.name ?? '', bindingLimit: kind === 'keys' && id === 10 ? 'usd_5h' : null,
    windows: [
      window('usd_5h', entity?.limit5hUsd, share), window('daily_quota', entity?.dailyLimitUsd, share * 0.9), window('usd_weekly', entity?.limitWeeklyUsd, share * 0.7),
      window('usd_monthly', entity?.limitMonthlyUsd, share * 0.85), window('usd_total', null, 0),
      { limitType: 'concurrent_sessions', used: id % 5, limit: entity?.limitConcurrentSessions ?? null },
    ],
  };
}

const models = ['claude-opus-5', 'claude-haiku-4-5', 'claude-sonnet-5', 'claude-sonnet-5', 'gpt-5.3-codex'];
const sessionIds = ['8f3c1d03', '78dde6c4', '17156075', 'b54cda26', '538453d7', 'f1bbcd88', '8ff34739', '2e2ac0ea'].map((id) => `${id}-6a1b-4c22-9c0e-0b1d2e3f4a5b`);

export function makeLogs(count) {
  return Array.from({ length: count }, (_, i) => {
    const model = models[(i * 7) % 5];
    const provider = model.startsWith('gpt') ? providers[6] : providers[[3, 0, 4, 3, 1][i % 5]];
    const live = i === 0 || i === 6;
    const blocked = i % 41 === 14;
    const aborted = i % 53 === 18;
    const attempts = blocked ? 0 : i === 9 ? 4 : i % 17 === 3 ? 2 : 1;
    const durationMs = live ? null : blocked ? 4 : 2_000 + ((i * 7919) % 38_000);
    const failed = i % 37 === 20;
    return {
      id: String(9_000_000_000 - i * 977), requestId: `req_01KAE6Q9M4E${String(1000 - i).padStart(4, '0')}`, createdAt: iso(now - i * 21_000 - (live ? 6_000 : 45_000)),
      userId: (i % 10) + 1, keyId: ((i % 10) + 1) * 10, providerId: blocked ? null : provider.id, providerName: blocked ? null : provider.name, providerType: blocked ? null : provider.type,
      sessionId: sessionIds[i % 8], sessionSeq: i, endpoint: model.startsWith('gpt') ? '/v1/responses' : '/v1/messages', clientFormat: 'claude', model,
      modelSent: i % 23 === 12 ? 'claude-opus-5' : model, stream: true, statusCode: live ? null : blocked ? 402 : aborted ? 499 : failed ? 503 : 200,
      outcome: blocked ? 'blocked' : 'success', blockedBy: blocked ? 'limit' : null, blockedReason: blocked ? '5 h limit: $20.00 of $20' : null, errorCode: blocked ? 'usd_5h' : failed ? 'all_providers_failed' : null,
      attempts, inputTokens: 1_000 + ((i * 613) % 8_000), outputTokens: live ? null : (i * 211) % 2_000, cacheReadInputTokens: blocked ? 0 : (i * 15_331) % 170_000,
      cacheCreation5mInputTokens: (i * 331) % 7_000, cacheCreation1hInputTokens: 0, costUsd: blocked || live ? 0 : ((i * 137) % 1500) / 10_000 + 0.004,
      costMultiplier: 0.85, durationMs, ttfbMs: durationMs && !blocked ? Math.round(durationMs * 0.2) : null, ttftMs: durationMs && !blocked ? Math.round(durationMs * 0.3) : null,
      clientKind: 'Claude Code', clientVersion: '2.1.197', clientIp: '10.0.4.12', usageSource: 'upstream',
    };
  });
}

const context = (selectedPriority, candidates, filtered) => ({
  totalProviders: 12, enabledProviders: 11, afterGroupFilter: 8, afterModelFilter: 5, beforeHealthCheck: 5, afterHealthCheck: candidates.length, selectedPriority,
  candidatesAtPriority: candidates, filteredProviders: filtered, sessionAge: 3_180_000,
});

export function chainOf(log) {
  const at = Date.parse(log.createdAt);
  if (log.blockedBy) return [{ reason: 'limit_refused', timestamp: at + 3, errorMessage: log.blockedReason }];
  const filtered = [
    { id: 1, name: 'Anthropic Direct', reason: 'group_mismatch', details: 'serves core, key allows default' },
    { id: 6, name: 'Sable Proxy', reason: 'disabled' },
    { id: 7, name: 'OpenAI Platform', reason: 'format_type_mismatch' },
  ];
  const end = at + (log.durationMs ?? 0);
  if (log.attempts < 4) {
    return [
      { id: log.providerId, name: log.providerName, providerType: log.providerType, reason: 'session_reuse', selectionMethod: 'session_reuse', priority: 5, timestamp: at + 3, decisionContext: context(5, [], []) },
      ...(log.attempts === 2 ? [{ id: log.providerId, name: log.providerName, providerType: log.providerType, reason: 'retry_failed', statusCode: 529, timestamp: at + 700, durationMs: 690, attemptNumber: 1, circuitFailureCount: 1, circuitFailureThreshold: 5, errorMessage: 'overloaded_error' }] : []),
      ...(log.statusCode === null ? [] : [{ id: log.providerId, name: log.providerName, providerType: log.providerType, reason: log.statusCode === 499 ? 'client_abort' : log.statusCode === 503 ? 'retry_failed' : 'request_success', statusCode: log.statusCode, timestamp: end, attemptNumber: log.attempts }]),
    ];
  }
  const two = [{ id: 4, name: 'Northwind Relay', weight: 50, probability: 0.714 }, { id: 5, name: 'Meridian', weight: 20, probability: 0.286 }];
  return [
    { id: 3, name: 'Kestrel EU', providerType: 'claude', reason: 'session_reuse', selectionMethod: 'session_reuse', priority: 5, timestamp: at + 3, decisionContext: context(5, [], filtered) },
    { id: 3, name: 'Kestrel EU', providerType: 'claude', reason: 'retry_failed', statusCode: 529, timestamp: at + 848, durationMs: 800, attemptNumber: 1, circuitFailureCount: 4, circuitFailureThreshold: 5, errorMessage: 'overloaded_error' },
    { id: 3, name: 'Kestrel EU', providerType: 'claude', reason: 'retry_failed', statusCode: 529, timestamp: at + 1_660, durationMs: 610, attemptNumber: 2, circuitFailureCount: 5, circuitFailureThreshold: 5, errorMessage: 'overloaded_error' },
    { id: 5, name: 'Meridian', providerType: 'claude', reason: 'retry_failed', statusCode: 429, timestamp: at + 1_980, durationMs: 300, attemptNumber: 3, errorMessage: 'concurrency', decisionContext: context(5, two, [{ id: 3, name: 'Kestrel EU', reason: 'circuit_open', details: '5 of 5 failures' }, ...filtered]) },
    { id: 4, name: 'Northwind Relay', providerType: 'claude', reason: 'retry_success', statusCode: 200, timestamp: end, durationMs: (log.durationMs ?? 0) - 1_990, attemptNumber: 4, decisionContext: context(5, [{ ...two[0], probability: 1 }], filtered) },
    { name: 'Northwind Relay', reason: 'binding_changed', detail: 'circuit_open_fallback', timestamp: end },
  ];
}

export const sessions = sessionIds.map((sessionId, i) => ({
  id: sessionId.replaceAll('-', ''), sessionId, userId: i + 1, providerId: [4, 1, 7, 3, 1, 2, 11, 5][i], model: models[i % 5], clientKind: i === 2 ? 'Codex' : 'Claude Code', clientVersion: '2.1.197',
  requests: 26 - i * 2, inFlight: i < 4 ? 1 : 0, inputTokens: 1_160_000 - i * 90_000, outputTokens: 9_100 + i * 3_000, costUsd: 2.14 + i * 0.31, firstAt: iso(now - 3_480_000), lastAt: iso(now - i * 30_000), expiresAt: iso(now + 300_000 - i * 30_000),
}));
