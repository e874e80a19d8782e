import { describe, expect, it } from 'vitest';
import type { Provider, ProviderHealth } from '@/api/types';
import { endpointPreview, newProvider, parseRules, providerDraft, providerErrors, providerInput, recognise, rulesText, switchesOf, trafficShare } from './draft';
import { countHealth, readHealth } from './health';
import { matchProvider } from './providers';
import { ruleMatches } from './redirects';

const stored = {
  id: 4, version: 7, name: 'Northwind', type: 'claude', url: 'https://relay.example', keyLast4: '2be6', isEnabled: true, weight: 50, priority: 5, costMultiplier: 0.85,
  groups: ['default'], circuitBreaker: { failureThreshold: 5, openDurationMs: 1_800_000, halfOpenSuccessThreshold: 2, failureWindowMs: 300_000, halfOpenMaxProbes: 1 }, modelRedirects: [],
  allowedModels: [{ matchType: 'exact', pattern: 'claude-opus-5' }, { matchType: 'prefix', pattern: 'claude-3-' }], acceptFormats: ['chat'], firstByteTimeoutStreamingMs: 30_000, maxAttempts: null,
} as Partial<Provider> as Provider;

describe('providerInput', () => {
  it('sends nothing for an unchanged form', () => {
    const draft = providerDraft(stored);
    expect(providerInput(draft, draft)).toEqual({});
  });
  it('sends changed fields alone, in the units of the API', () => {
    const initial = providerDraft(stored);
    const draft = { ...initial, weight: '65', failureThreshold: '24', firstByteSeconds: '', dailyLimitUsd: '12,5', maxAttempts: '3', acceptFormats: 'all', description: ' note ' };
    expect(providerInput(draft, initial)).toEqual({
      weight: 65, circuitBreaker: { failureThreshold: 24, openDurationMs: 1_800_000, halfOpenSuccessThreshold: 2 },
      firstByteTimeoutStreamingMs: 0, dailyLimitUsd: 12.5, maxAttempts: 3, acceptFormats: 'all', description: 'note',
    });
  });
  it('gathers what changed of the conversion, and nothing else of it', () => {
    const initial = providerDraft({ ...stored, conversion: { alwaysStream: true, defaultMaxTokens: 9000 } } as Provider);
    expect(providerInput({ ...initial, inlineRemoteMedia: true, autoCache: false, defaultMaxTokens: '' }, initial)).toEqual({
      conversion: { inlineRemoteMedia: true, autoCache: false, defaultMaxTokens: null },
    });
    expect(providerErrors({ ...initial, defaultMaxTokens: '0' }, initial, false)).toEqual({ defaultMaxTokens: 'forms.range' });
  });
  it('always names the needed fields of a new provider', () => {
    const initial = providerDraft();
    const draft = { ...initial, name: ' A ', url: 'https://a.example ', key: 'sk-1' };
    expect(newProvider(draft, initial)).toEqual({ name: 'A', type: 'claude', url: 'https://a.example', key: 'sk-1' });
  });
  it('keeps a key that is not typed anew', () => {
    const initial = providerDraft(stored);
    expect(providerInput({ ...initial, name: 'B' }, initial)).toEqual({ name: 'B' });
  });
  it('drops a proxy only when told to, and a typed one wins', () => {
    const initial = providerDraft(stored);
    expect(providerInput({ ...initial, removeProxy: true }, initial)).toEqual({ proxyUrl: null });
    expect(providerInput({ ...initial, removeProxy: true, proxyUrl: 'socks5://h:1' }, initial)).toEqual({ proxyUrl: 'socks5://h:1' });
  });
});

describe('providerErrors', () => {
  it('finds every fault at once', () => {
    const initial = providerDraft();
    const draft = { ...initial, url: 'ftp://x', weight: '0', openMinutes: '', firstByteSeconds: '500', limit5hUsd: '0', proxyUrl: 'socks4://h' };
    expect(providerErrors(draft, initial, true)).toEqual({
      name: 'forms.required', url: 'forms.url', key: 'forms.required', weight: 'forms.range', openMinutes: 'forms.required',
      firstByteSeconds: 'forms.range', limit5hUsd: 'forms.zeroLimit', proxyUrl: 'providers.proxyScheme',
    });
  });
  it('asks for the key again when the host changes, not when the path does', () => {
    const initial = providerDraft(stored);
    expect(providerErrors({ ...initial, url: 'https://evil.example' }, initial, false)).toEqual({ key: 'providers.keyForNewHost' });
    expect(providerErrors({ ...initial, url: 'https://relay.example/v2' }, initial, false)).toEqual({});
  });
});

it('writes model rules as lines and reads them back', () => {
  const text = rulesText(stored.allowedModels);
  expect(text).toBe('claude-opus-5\nprefix:claude-3-');
  expect(parseRules(`${text}\n, regex:^o[13]`)).toEqual([
    { matchType: 'exact', pattern: 'claude-opus-5' }, { matchType: 'prefix', pattern: 'claude-3-' }, { matchType: 'regex', pattern: '^o[13]' },
  ]);
});

it('offers the switches that mean something to a type', () => {
  expect(switchesOf('claude')).toEqual(['alwaysStream', 'inlineRemoteMedia', 'autoCache']);
  expect(switchesOf('gemini')).toEqual(['alwaysStream', 'inlineRemoteMedia']);
});

it('previews the address without doubling a version', () => {
  expect(endpointPreview('claude', 'https://relay.example/')).toBe('https://relay.example/v1/messages');
  expect(endpointPreview('openai-compatible', 'https://relay.example/v1')).toBe('https://relay.example/v1/chat/completions');
  expect(endpointPreview('gemini', 'https://g.example/v1beta')).toBe('https://g.example/v1beta/models/{model}:generateContent');
  expect(endpointPreview('claude', 'relay')).toBeUndefined();
});

describe('recognise', () => {
  it('reads an environment file', () => {
    expect(recognise('ANTHROPIC_BASE_URL=https://api.kestrel.example\nANTHROPIC_AUTH_TOKEN=sk-ant-0123456789abcdefgh')).toEqual({
      url: 'https://api.kestrel.example', name: 'kestrel.example', key: 'sk-ant-0123456789abcdefgh', type: 'claude',
    });
  });
  it('reads a cURL call', () => {
    expect(recognise(`curl https://h.example/v1/chat/completions -H "Authorization: Bearer abcdefghijklmnopqrstuvwxyz"`)).toEqual({
      url: 'https://h.example', name: 'h.example', key: 'abcdefghijklmnopqrstuvwxyz', type: 'openai-compatible',
    });
  });
  it('invents nothing', () => expect(recognise('hello')).toEqual({}));
});

describe('trafficShare', () => {
  const peer = (id: number, weight: number, extra: Partial<Provider> = {}): Provider => ({ ...stored, id, name: `P${id}`, weight, ...extra });
  it('splits a tier by weight', () => {
    const shares = trafficShare({ ...providerDraft(stored), weight: '65' }, 4, [stored, peer(3, 30), peer(5, 20)]);
    expect(shares.map(({ name, share }) => [name, Math.round(share * 1000) / 10])).toEqual([['Northwind', 56.5], ['P3', 26.1], ['P5', 17.4]]);
  });
  it('leaves out other protocols, tiers, groups and disabled ones', () => {
    const others = [peer(6, 9, { type: 'codex' }), peer(7, 9, { priority: 0 }), peer(8, 9, { groups: ['core'] }), peer(9, 9, { isEnabled: false })];
    expect(trafficShare(providerDraft(stored), 4, others)).toEqual([{ id: 4, name: 'Northwind', share: 1 }]);
  });
});

describe('health', () => {
  const now = 1_000_000;
  const health = (extra: object) => ({ providerId: 4, state: 'closed', failures: 0, inFlight: 0, account: { exhaustedUntil: null }, ...extra }) as ProviderHealth;
  it('reads the worst first', () => {
    expect(readHealth({ isEnabled: false }, health({ state: 'open' }), now).key).toBe('disabled');
    expect(readHealth(stored, undefined, now).key).toBe('unknown');
    expect(readHealth(stored, health({ state: 'open', retryAt: new Date(now + 5000).toISOString() }), now)).toEqual({ tone: 'open', key: 'open', until: now + 5000 });
    expect(readHealth(stored, health({ coolingUntil: new Date(now + 1).toISOString() }), now).key).toBe('cooling');
    expect(readHealth(stored, health({ coolingUntil: new Date(now - 1).toISOString() }), now).key).toBe('closed');
  });
  it('counts unknown ones as closed', () => {
    expect(countHealth([stored, { ...stored, id: 5, isEnabled: false }, { ...stored, id: 6 }], [health({ state: 'open' })])).toEqual({ closed: 1, half_open: 0, open: 1, disabled: 1 });
  });
});

it('filters by text, type, group and state together', () => {
  expect(matchProvider(stored, { q: 'RELAY.ex', type: 'claude', group: 'default', state: 'open' }, 'open')).toBe(true);
  expect(matchProvider(stored, { q: 'kestrel' }, 'open')).toBe(false);
  expect(matchProvider(stored, { state: 'closed' }, 'open')).toBe(false);
});

it('tries redirects as the gateway does', () => {
  const rule = (matchType: Parameters<typeof ruleMatches>[0]['matchType'], source: string) => ruleMatches({ matchType, source, target: 'x' }, 'claude-3-opus');
  expect([rule('exact', 'claude-3-opus'), rule('prefix', 'claude-3'), rule('suffix', 'opus'), rule('contains', '-3-'), rule('regex', 'o.us$')]).toEqual([true, true, true, true, true]);
  expect([rule('exact', 'Claude-3-opus'), rule('prefix', 'opus'), rule('regex', '(')]).toEqual([false, false, false]);
});
