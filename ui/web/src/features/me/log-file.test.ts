import { expect, it } from 'vitest';
import type { UsageLog } from '@/api/types';
import { logTable } from './log-file';

it('writes figures as they are and nothing of who answered', () => {
  const log = {
    createdAt: '2026-11-19T14:32:08Z', requestId: 'req_01', keyName: 'laptop', model: 'claude-haiku-4-5', endpoint: '/v1/messages', statusCode: 200, inputTokens: 12_345, outputTokens: 6,
    cacheReadInputTokens: 7, cacheCreationInputTokens: 8, costUsd: 0.000123, durationMs: null, providerName: 'hidden',
  } as UsageLog;
  expect(logTable([log], (column) => column)).toEqual([
    ['time', 'request', 'key', 'model', 'endpoint', 'status', 'in', 'out', 'cacheRead', 'cacheWrite', 'cost', 'duration'],
    ['2026-11-19T14:32:08Z', 'req_01', 'laptop', 'claude-haiku-4-5', '/v1/messages', 200, 12_345, 6, 7, 8, 0.000123, null],
  ]);
});
