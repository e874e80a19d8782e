import { describe, expect, it } from 'vitest';
import { deltaText, protocolOf } from '@/api/gateway';
import { showFirstRun, steps } from './progress';
import { clients, snippets } from './snippets';

describe('steps', () => {
  const facts = { providers: 0, keys: 0, requests: 0, answered: false };
  const states = (extra: object) => steps({ ...facts, ...extra }).map((step) => step.state).join(' ');
  it('goes from one to the next', () => {
    expect(states({})).toBe('now next next next');
    expect(states({ providers: 1 })).toBe('done now next next');
    expect(states({ providers: 1, keys: 1 })).toBe('done done now next');
    expect(states({ providers: 1, keys: 1, answered: true })).toBe('done done done done');
  });
  it('does not skip a step because a later one happened', () => {
    expect(states({ keys: 2, requests: 5 })).toBe('now next next next');
  });
});

it('replaces the overview until something works or it is hidden', () => {
  const facts = { providers: 1, keys: 1, requests: 0, dismissed: false };
  expect(showFirstRun({ ...facts, providers: 0, dismissed: true })).toBe(true);
  expect(showFirstRun(facts)).toBe(true);
  expect(showFirstRun({ ...facts, dismissed: true })).toBe(false);
  expect(showFirstRun({ ...facts, requests: 3 })).toBe(false);
  expect(showFirstRun({ ...facts, requests: undefined })).toBe(false); // an older server: keys decide
  expect(showFirstRun({ ...facts, requests: undefined, keys: 0 })).toBe(true);
});

describe('snippets', () => {
  const origin = 'https://hub.example/gw';
  it('parse, with address and key in them', () => {
    const claude = JSON.parse(snippets('claude', origin, 'sk-1')[0]!.text) as { env: Record<string, string> };
    expect(claude.env).toEqual({ ANTHROPIC_BASE_URL: origin, ANTHROPIC_AUTH_TOKEN: 'sk-1' });
    const opencode = JSON.parse(snippets('opencode', origin, 'sk-1')[0]!.text) as { provider: Record<string, { options: { baseURL: string } }> };
    expect(Object.values(opencode.provider).map((provider) => provider.options.baseURL)).toEqual([`${origin}/v1`, `${origin}/v1`, `${origin}/v1beta`]);
    expect(snippets('codex', origin, 'sk-1')[0]!.text).toMatch(/model_provider = "cch"[\s\S]*\[model_providers\.cch\][\s\S]*wire_api = "responses"/);
    expect(snippets('codex', origin, 'sk-1')[1]!.text).toBe('export CCH_API_KEY=sk-1');
  });
  it.each(clients)('%s names the origin', (client) => {
    expect(snippets(client, origin, 'sk-1').some((snippet) => snippet.text.includes(origin))).toBe(true);
  });
  it('calls a body that is JSON', () => {
    const body = /-d '(.*)'$/.exec(snippets('curl', origin, 'sk-1')[0]!.text)![1]!;
    expect(JSON.parse(body)).toHaveProperty('messages');
  });
});

describe('first request', () => {
  it.each([
    ['claude', 'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"hi"}}'],
    ['openai-compatible', 'data: {"choices":[{"delta":{"content":"hi"}}]}'],
    ['codex', 'data: {"type":"response.output_text.delta","delta":"hi"}'],
    ['gemini', 'data: {"candidates":[{"content":{"parts":[{"text":"h"},{"text":"i"}]}}]}'],
  ] as const)('reads the text of %s', (type, line) => expect(deltaText(protocolOf(type), line)).toBe('hi'));
  it('reads nothing from anything else', () => {
    for (const line of ['', 'event: ping', 'data: [DONE]', 'data: {"type":"message_stop"}', 'data: {"type":"response.completed","delta":{}}']) {
      for (const type of ['claude', 'openai-compatible', 'codex', 'gemini'] as const) expect(deltaText(protocolOf(type), line)).toBe('');
    }
  });
});
