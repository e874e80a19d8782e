/** Writes. Each is one call; the hooks that use them say which queries become stale. */
import { call, resetCsrf, upload } from './client';
import type {
  AccountInput, DemoMode, FilterTrial, KeyInput, PriceEntry, PriceQuery, LoginResult, NewKey, NewProvider, NewRequestFilter, NewUser, ProviderInput, ProviderTestInput, ProviderTestResult,
  RequestFilterInput, SetupState, User, UserInput,
} from './types';

export async function login(key: string): Promise<LoginResult> {
  resetCsrf();
  return call('POST', '/auth/login', { body: { key } });
}

export async function logout(): Promise<void> {
  await call('POST', '/auth/logout');
  resetCsrf();
}

export const createProvider = (body: NewProvider) => call('POST', '/providers', { body });
export const updateProvider = (id: number, version: number, body: ProviderInput) => call('PATCH', '/providers/{id}', { params: { id }, body, version });
export const deleteProvider = (id: number) => call('DELETE', '/providers/{id}', { params: { id } });
export const resetBreaker = (id: number) => call('POST', '/providers/{id}/breaker/reset', { params: { id } });

export const setAccount = (id: number, body: AccountInput) => call('PUT', '/providers/{id}/account', { params: { id }, body });
export const refreshAccount = (id: number) => call('POST', '/providers/{id}/account/refresh', { params: { id } });

/** Tests a stored provider, or, without providerId, one that is not saved yet. */
export function testProvider({ providerId, draftOf, ...draft }: ProviderTestInput): Promise<ProviderTestResult> {
  if (providerId !== undefined) return call('POST', '/providers/{id}/test', { params: { id: providerId }, body: {} });
  return call('POST', '/providers/test', { body: { ...draft, providerId: draftOf } });
}

export async function createUser(body: NewUser): Promise<User> {
  const answer = await call('POST', '/users', { body });
  return answer.user;
}
export const updateUser = (id: number, version: number, body: UserInput) => call('PATCH', '/users/{id}', { params: { id }, body, version });
export const deleteUser = (id: number) => call('DELETE', '/users/{id}', { params: { id } });

export const createKey = (userId: number, body: NewKey) => call('POST', '/users/{id}/keys', { params: { id: userId }, body });
export const updateKey = (id: number, version: number, body: KeyInput) => call('PATCH', '/keys/{id}', { params: { id }, body, version });
export const deleteKey = (id: number) => call('DELETE', '/keys/{id}', { params: { id } });

export const createRequestFilter = (body: NewRequestFilter) => call('POST', '/request-filters', { body });
export const updateRequestFilter = (id: number, version: number, body: RequestFilterInput) => call('PATCH', '/request-filters/{id}', { params: { id }, body, version });
export const deleteRequestFilter = (id: number) => call('DELETE', '/request-filters/{id}', { params: { id } });
export const testRequestFilter = (body: FilterTrial) => call('POST', '/request-filters/test', { body });

export const terminateSession = (id: string) => call('DELETE', '/sessions/{id}', { params: { id } });

export const startDemo = () => call('POST', '/setup/demo');
export const removeDemo = () => call('DELETE', '/setup/demo');
export const setDemoBehaviour = (mode: DemoMode) => call('PUT', '/setup/demo/behaviour', { body: { mode } });
export const setDemoTraffic = (running: boolean) => call('POST', '/setup/demo/traffic', { body: { running } });
export const updateSetup = (body: Partial<Pick<SetupState, 'steps' | 'dismissed'>>) => call('PATCH', '/setup/state', { body });

export const putPrice = (name: string, body: PriceEntry) => call('PUT', '/model-prices/{name}', { params: { name }, body });
export const deletePrice = (name: string) => call('DELETE', '/model-prices/{name}', { params: { name } });
export const syncPrices = () => call('POST', '/model-prices/sync', { body: {} });
export const importPrices = (file: Blob, query: PriceQuery) => upload('/model-prices/import', file, query);
export const decideHeld = (models: string[], approve: boolean) => call('POST', '/model-prices/held', { body: { models, approve } });
export const quotePrice = (model: string, usage: unknown) => call('POST', '/model-prices/quote', { body: { model, usage } });
