/**
 * The provider form's values and what they mean to the API. Numbers are kept as
 * text until they are sent, times in the units people think in.
 */
import type { AcceptFormats, MatchType, ModelRedirect, ModelRule, NewProvider, Provider, ProviderInput, ProviderType } from '@/api/types';
import { changedNames } from '@/lib/draft';
import { limitDraft, limitErrors, limitInput, limitNames, parseNumber, type LimitDraft, type LimitName } from '@/lib/limits';

/** Switches of the conversion, and the types of provider that they mean something to. */
export const conversionSwitches = {
  alwaysStream: 'all',
  inlineRemoteMedia: 'all',
  developerRole: ['openai-compatible'],
  maxCompletionTokens: ['openai-compatible'],
  cacheBreakpoints: ['openai-compatible', 'codex'],
  deriveCacheKey: ['openai-compatible', 'codex'],
  autoCache: ['claude', 'claude-auth'],
} as const satisfies Record<string, readonly ProviderType[] | 'all'>;

export type ConversionSwitch = keyof typeof conversionSwitches;

/** The switches that a type of provider has. */
export function switchesOf(type: ProviderType): ConversionSwitch[] {
  return (Object.keys(conversionSwitches) as ConversionSwitch[]).filter((name) => {
    const types: readonly ProviderType[] | 'all' = conversionSwitches[name];
    return types === 'all' || types.includes(type);
  });
}


export interface ProviderDraft extends LimitDraft {
  name: string;
  type: ProviderType;
  url: string;
  key: string;
  description: string;
  isEnabled: boolean;
  priority: string;
  weight: string;
  costMultiplier: string;
  groups: string[];
  acceptFormats: string;
  modelRedirects: ModelRedirect[];
  allowedModels: string;
  disableSessionReuse: boolean;
  draining: boolean;
  allowedClients: string;
  blockedClients: string;
  activeTimeStart: string;
  activeTimeEnd: string;
  preserveClientIp: boolean;
  codexInstructions: string;
  alwaysStream: boolean;
  inlineRemoteMedia: boolean;
  developerRole: boolean;
  maxCompletionTokens: boolean;
  cacheBreakpoints: boolean;
  deriveCacheKey: boolean;
  autoCache: boolean;
  defaultMaxTokens: string;
  project: string;
  failureThreshold: string;
  openMinutes: string;
  halfOpenSuccessThreshold: string;
  maxAttempts: string;
  proxyUrl: string;
  /** Drops the stored proxy; a typed one replaces it anyway. */
  removeProxy: boolean;
  proxyFallbackToDirect: boolean;
  firstByteSeconds: string;
  idleSeconds: string;
  totalSeconds: string;
}

const seconds = (ms: number | undefined): string => (ms ? String(ms / 1000) : '');

function formatsText(formats: AcceptFormats | undefined): string {
  if (formats === undefined) return 'native';
  return Array.isArray(formats) ? formats.join(',') : formats;
}

function parseFormats(text: string): AcceptFormats {
  return text === 'native' || text === 'all' ? text : (text.split(',').filter(Boolean) as Exclude<AcceptFormats, string>);
}

/** Rules as lines: the pattern alone for an exact match, "prefix:claude-" otherwise. */
export function rulesText(rules: ModelRule[] | undefined): string {
  return (rules ?? [])
    .map((rule) => (rule.matchType === 'exact' ? rule.pattern : `${rule.matchType}:${rule.pattern}`))
    .join('\n');
}

export function parseRules(text: string): (ModelRule & { matchType: MatchType })[] {
  return text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const match = /^(exact|prefix|suffix|contains|regex):(.+)$/.exec(line);
      return match ? { matchType: match[1] as MatchType, pattern: match[2] ?? '' } : { matchType: 'exact', pattern: line };
    });
}

export function providerDraft(provider?: Provider): ProviderDraft {
  const breaker = provider?.circuitBreaker;
  const conversion = provider?.conversion;
  return {
    ...limitDraft(provider),
    name: provider?.name ?? '',
    type: provider?.type ?? 'claude',
    url: provider?.url ?? '',
    key: '',
    description: provider?.description ?? '',
    isEnabled: provider?.isEnabled ?? true,
    priority: String(provider?.priority ?? 0),
    weight: String(provider?.weight ?? 1),
    costMultiplier: String(provider?.costMultiplier ?? 1),
    groups: provider?.groups ?? ['default'],
    acceptFormats: formatsText(provider?.acceptFormats),
    modelRedirects: provider?.modelRedirects ?? [],
    allowedModels: rulesText(provider?.allowedModels),
    disableSessionReuse: provider?.disableSessionReuse ?? false,
    draining: provider?.draining ?? false,
    allowedClients: (provider?.allowedClients ?? []).join('\n'),
    blockedClients: (provider?.blockedClients ?? []).join('\n'),
    activeTimeStart: provider?.activeTimeStart ?? '',
    activeTimeEnd: provider?.activeTimeEnd ?? '',
    preserveClientIp: provider?.preserveClientIp ?? false,
    codexInstructions: provider?.codexInstructions ?? 'auto',
    alwaysStream: conversion?.alwaysStream ?? false,
    inlineRemoteMedia: conversion?.inlineRemoteMedia ?? false,
    developerRole: conversion?.developerRole ?? false,
    maxCompletionTokens: conversion?.maxCompletionTokens ?? false,
    cacheBreakpoints: conversion?.cacheBreakpoints ?? false,
    deriveCacheKey: conversion?.deriveCacheKey ?? false,
    autoCache: conversion?.autoCache ?? true,
    defaultMaxTokens: conversion?.defaultMaxTokens ? String(conversion.defaultMaxTokens) : '',
    project: conversion?.project ?? '',
    failureThreshold: String(breaker?.failureThreshold ?? 5),
    openMinutes: String((breaker?.openDurationMs ?? 1_800_000) / 60_000),
    halfOpenSuccessThreshold: String(breaker?.halfOpenSuccessThreshold ?? 2),
    maxAttempts: provider?.maxAttempts ? String(provider.maxAttempts) : '',
    proxyUrl: '',
    removeProxy: false,
    proxyFallbackToDirect: provider?.proxyFallbackToDirect ?? false,
    firstByteSeconds: seconds(provider?.firstByteTimeoutStreamingMs),
    idleSeconds: seconds(provider?.streamingIdleTimeoutMs),
    totalSeconds: seconds(provider?.requestTimeoutNonStreamingMs),
  };
}

export type ProviderErrors = Partial<Record<keyof ProviderDraft, string>>;

function numberError(text: string, min: number, max: number, integer: boolean): string | undefined {
  const value = parseNumber(text);
  if (value === null) return 'forms.required';
  if (value === undefined) return 'forms.number';
  if (value < min || value > max) return 'forms.range';
  return integer && !Number.isInteger(value) ? 'forms.integer' : undefined;
}

function optionalSeconds(text: string, min: number, max: number): string | undefined {
  const value = parseNumber(text);
  if (value === null || value === 0) return undefined;
  if (value === undefined) return 'forms.number';
  return value < min || value > max ? 'forms.range' : undefined;
}

/** The limits of every bounded number, for messages and fields. */
export const bounds: Partial<Record<keyof ProviderDraft, { min: number; max: number }>> = {
  priority: { min: 0, max: 1_000_000 },
  weight: { min: 1, max: 100 },
  costMultiplier: { min: 0, max: 10_000 },
  failureThreshold: { min: 0, max: 1000 },
  openMinutes: { min: 1 / 60, max: 1440 },
  halfOpenSuccessThreshold: { min: 1, max: 10 },
  maxAttempts: { min: 1, max: 10 },
  defaultMaxTokens: { min: 1, max: 1_000_000 },
  firstByteSeconds: { min: 1, max: 180 },
  idleSeconds: { min: 60, max: 600 },
  totalSeconds: { min: 60, max: 1800 },
};

function hostOf(url: string): string | undefined {
  try {
    return new URL(url.trim()).host;
  } catch {
    return undefined;
  }
}

function urlError(url: string): string | undefined {
  if (url.trim() === '') return 'forms.required';
  if (url.trim() === 'demo:') return undefined;
  return /^https?:\/\//i.test(url.trim()) && hostOf(url) ? undefined : 'forms.url';
}

function hourError(text: string): string | undefined {
  return text.trim() === '' || /^([01]\d|2[0-3]):[0-5]\d$/.test(text.trim()) ? undefined : 'providers.hourFormat';
}

/** A list as lines. */
const lines = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter(Boolean);

/** Every fault at once, as translation keys by field. */
export function providerErrors(draft: ProviderDraft, initial: ProviderDraft, isNew: boolean): ProviderErrors {
  const errors: ProviderErrors = { ...limitErrors(draft) };
  const put = (name: keyof ProviderDraft, error: string | undefined) => {
    if (error) errors[name] = error;
  };
  put('name', draft.name.trim() === '' ? 'forms.required' : draft.name.trim().length > 64 ? 'forms.tooLong' : undefined);
  put('url', urlError(draft.url));
  // A stored key must not follow an address to somebody else's host.
  const newHost = !isNew && hostOf(draft.url) !== hostOf(initial.url);
  if (draft.key.trim() === '' && (isNew || newHost)) put('key', newHost ? 'providers.keyForNewHost' : 'forms.required');
  for (const name of ['priority', 'weight', 'failureThreshold', 'halfOpenSuccessThreshold'] as const) {
    const { min, max } = bounds[name] ?? { min: 0, max: 0 };
    put(name, numberError(draft[name], min, max, true));
  }
  put('costMultiplier', numberError(draft.costMultiplier, 0, 10_000, false));
  put('openMinutes', numberError(draft.openMinutes, 1 / 60, 1440, false));
  if (draft.maxAttempts.trim() !== '') put('maxAttempts', numberError(draft.maxAttempts, 1, 10, true));
  if (draft.defaultMaxTokens.trim() !== '') put('defaultMaxTokens', numberError(draft.defaultMaxTokens, 1, 1_000_000, true));
  put('firstByteSeconds', optionalSeconds(draft.firstByteSeconds, 1, 180));
  put('idleSeconds', optionalSeconds(draft.idleSeconds, 60, 600));
  put('totalSeconds', optionalSeconds(draft.totalSeconds, 60, 1800));
  put('modelRedirects', draft.modelRedirects.some((rule) => !rule.source.trim() || !rule.target.trim()) ? 'providers.redirectIncomplete' : undefined);
  for (const name of ['activeTimeStart', 'activeTimeEnd'] as const) put(name, hourError(draft[name]));
  if (!errors.activeTimeStart && !errors.activeTimeEnd && (draft.activeTimeStart.trim() || draft.activeTimeEnd.trim())) {
    put('activeTimeEnd', draft.activeTimeStart.trim() && draft.activeTimeEnd.trim() && draft.activeTimeStart.trim() !== draft.activeTimeEnd.trim() ? undefined : 'providers.hoursTogether');
  }
  put('proxyUrl', draft.proxyUrl.trim() === '' || /^(https?|socks5h?):\/\/./i.test(draft.proxyUrl.trim()) ? undefined : 'providers.proxyScheme');
  return errors;
}

const ms = (text: string): number => Math.round((parseNumber(text) ?? 0) * 1000);

/** One field of the draft as the API wants it. */
function field(name: keyof ProviderDraft, draft: ProviderDraft): ProviderInput {
  const number = (text: string) => parseNumber(text) ?? 0;
  switch (name) {
    case 'priority': case 'weight': case 'costMultiplier':
      return { [name]: number(draft[name]) };
    case 'acceptFormats':
      return { acceptFormats: parseFormats(draft.acceptFormats) };
    case 'allowedModels':
      return { allowedModels: parseRules(draft.allowedModels) };
    case 'allowedClients': case 'blockedClients':
      return { [name]: lines(draft[name]) };
    case 'activeTimeStart': case 'activeTimeEnd':
      return { [name]: draft[name].trim() || null };
    case 'failureThreshold': case 'openMinutes': case 'halfOpenSuccessThreshold':
      return {
        circuitBreaker: {
          failureThreshold: number(draft.failureThreshold),
          openDurationMs: Math.round(number(draft.openMinutes) * 60_000),
          halfOpenSuccessThreshold: number(draft.halfOpenSuccessThreshold),
        },
      };
    case 'maxAttempts':
      return { maxAttempts: parseNumber(draft.maxAttempts) ?? null };
    case 'firstByteSeconds':
      return { firstByteTimeoutStreamingMs: ms(draft.firstByteSeconds) };
    case 'idleSeconds':
      return { streamingIdleTimeoutMs: ms(draft.idleSeconds) };
    case 'totalSeconds':
      return { requestTimeoutNonStreamingMs: ms(draft.totalSeconds) };
    case 'removeProxy':
      return draft.removeProxy && draft.proxyUrl.trim() === '' ? { proxyUrl: null } : {};
    case 'name': case 'url': case 'key': case 'proxyUrl': case 'description':
      return { [name]: draft[name].trim() };
    default:
      if ((limitNames as readonly string[]).includes(name)) return limitInput(draft, [name as LimitName]);
      return { [name]: draft[name] };
  }
}

type ConversionInput = NonNullable<ProviderInput['conversion']>;

/** A field of the conversion as the API wants it; undefined for any other. */
function conversionField(name: keyof ProviderDraft, draft: ProviderDraft): ConversionInput | undefined {
  if (name in conversionSwitches) return { [name]: draft[name] };
  if (name === 'defaultMaxTokens') return { defaultMaxTokens: parseNumber(draft.defaultMaxTokens) ?? null };
  if (name === 'project') return { project: draft.project.trim() || null };
  return undefined;
}

/** What to send: changed fields alone. */
export function providerInput(draft: ProviderDraft, initial: ProviderDraft): ProviderInput {
  const input: ProviderInput = {};
  for (const name of changedNames(draft, initial)) {
    const conversion = conversionField(name, draft);
    if (conversion) input.conversion = { ...input.conversion, ...conversion };
    else Object.assign(input, field(name, draft));
  }
  return input;
}

/** A new provider: what differs from the defaults, and always the four needed fields. */
export function newProvider(draft: ProviderDraft, initial: ProviderDraft): NewProvider {
  const { name, type, url, key } = draft;
  return { ...providerInput(draft, initial), name: name.trim(), type, url: url.trim(), key: key.trim() };
}

const paths: Record<ProviderType, string> = {
  claude: '/v1/messages',
  'claude-auth': '/v1/messages',
  codex: '/v1/responses',
  'openai-compatible': '/v1/chat/completions',
  gemini: '/v1beta/models/{model}:generateContent',
  'gemini-cli': '/v1internal:generateContent',
};

/** The address a call will go to; a version the base URL already ends with is not repeated. */
export function endpointPreview(type: ProviderType, url: string): string | undefined {
  if (urlError(url) || url.trim() === 'demo:') return undefined;
  const base = url.trim().replace(/\/+$/, '');
  const path = paths[type];
  const version = /^\/(v1beta|v1)\//.exec(path)?.[1];
  return base + (version && base.endsWith(`/${version}`) ? path.slice(version.length + 1) : path);
}

/** Recognises address, key and type in pasted text: an .env file, a cURL call, a JSON snippet. */
export function recognise(text: string): Partial<Pick<ProviderDraft, 'url' | 'key' | 'type' | 'name'>> {
  const found: ReturnType<typeof recognise> = {};
  const url = /https?:\/\/[^\s"'`,;<>\\]+/i.exec(text)?.[0];
  if (url) {
    found.url = url.replace(/\/(v1|v1beta)\/(messages|responses|chat\/completions|models).*$/, '').replace(/[/.]+$/, '');
    const host = hostOf(url);
    if (host) found.name = host.replace(/^(api|www)\./, '');
  }
  const key = /\b(sk-[\w-]{16,}|AIza[\w-]{30,}|cr_[\w-]{16,})/.exec(text)?.[1] ?? /(?:key|token|bearer)["']?\s*[:= ]\s*["']?([\w.-]{20,})/i.exec(text)?.[1];
  if (key) found.key = key;
  if (/anthropic|\/v1\/messages|claude|sk-ant-/i.test(text)) found.type = 'claude';
  else if (/gemini|generativelanguage|AIza/i.test(text)) found.type = 'gemini';
  else if (/\/responses|codex|wire_api/i.test(text)) found.type = 'codex';
  else if (/chat\/completions|openai/i.test(text)) found.type = 'openai-compatible';
  return found;
}

export interface Share {
  id: number | undefined;
  name: string;
  /** 0 to 1. */
  share: number;
}

const sameProtocol: Record<ProviderType, string> = {
  claude: 'claude', 'claude-auth': 'claude', codex: 'codex', 'openai-compatible': 'chat', gemini: 'gemini', 'gemini-cli': 'gemini-cli',
};

/** How the tier's traffic would split by weight: same protocol, priority and a shared group, enabled ones. */
export function trafficShare(draft: ProviderDraft, id: number | undefined, peers: readonly Provider[]): Share[] {
  const weight = parseNumber(draft.weight) ?? 0;
  const priority = parseNumber(draft.priority) ?? 0;
  const tier = peers.filter(
    (peer) =>
      peer.id !== id && peer.isEnabled && peer.priority === priority && sameProtocol[peer.type] === sameProtocol[draft.type] &&
      peer.groups.some((group) => draft.groups.includes(group)),
  );
  const total = tier.reduce((sum, peer) => sum + peer.weight, weight);
  if (total === 0) return [];
  return [{ id, name: draft.name, share: weight / total }, ...tier.map((peer) => ({ id: peer.id, name: peer.name, share: peer.weight / total }))];
}
