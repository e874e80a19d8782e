import type { ProviderType } from '@/api/types';

/** The types of providers, in the order in which they are offered. */
export const providerTypes: readonly ProviderType[] = ['claude', 'claude-auth', 'codex', 'openai-compatible', 'gemini', 'gemini-cli'];
