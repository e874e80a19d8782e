/** Writes. Each is one call; the hooks that use them say which queries become stale. */
import { call, resetCsrf } from './client';
import type {
  ApiKey, CreatedKey, KeyInput, LoginResult, Provider, ProviderInput, ProviderTestInput, ProviderTestResult, SetupState, User, UserInput,
} from './types';

export async function login(key: string): Promise<LoginResult> {
  resetCsrf();
  return call<LoginResult>('POST', '/auth/login', { body: { key } });
}

export async function logout(): Promise<void> {
  await call('POST', '/auth/logout', {});
  resetCsrf();
}

export const createProvider = (body: ProviderInput) => call<Provider>('POST', '/providers', { body });
export const updateProvider = (id: number, version: number, body: ProviderInput) =>
  call<Provider>('PATCH', `/providers/${id}`, { body, version });
export const deleteProvider = (id: number) => call('DELETE', `/providers/${id}`);
export const resetBreaker = (id: number) => call('POST', `/providers/${id}/breaker/reset`);

/** Tests a stored provider, or, without providerId, one that is not saved yet. */
export function testProvider({ providerId, draftOf, ...draft }: ProviderTestInput): Promise<ProviderTestResult> {
  if (providerId !== undefined) return call<ProviderTestResult>('POST', `/providers/${providerId}/test`, { body: {} });
  return call<ProviderTestResult>('POST', '/providers/test', { body: { ...draft, providerId: draftOf } });
}

export async function createUser(body: UserInput): Promise<User> {
  const answer = await call<{ user: User }>('POST', '/users', { body });
  return answer.user;
}
export const updateUser = (id: number, version: number, body: UserInput) => call<User>('PATCH', `/users/${id}`, { body, version });
export const deleteUser = (id: number) => call('DELETE', `/users/${id}`);

export const createKey = (userId: number, body: KeyInput) => call<CreatedKey>('POST', `/users/${userId}/keys`, { body });
export const updateKey = (id: number, version: number, body: KeyInput) => call<ApiKey>('PATCH', `/keys/${id}`, { body, version });
export const deleteKey = (id: number) => call('DELETE', `/keys/${id}`);

export const terminateSession = (id: string) => call('DELETE', `/sessions/${encodeURIComponent(id)}`);

export const startDemo = () => call<{ key?: { secret?: string }; secret?: string } | undefined>('POST', '/setup/demo');
export const removeDemo = () => call('DELETE', '/setup/demo');
export const setDemoBehaviour = (mode: string) => call('PUT', '/setup/demo/behaviour', { body: { mode } });
export const setDemoTraffic = (running: boolean) => call('POST', '/setup/demo/traffic', { body: { running } });
export const updateSetup = (body: Partial<Pick<SetupState, 'steps' | 'dismissed'>>) => call<SetupState>('PATCH', '/setup/state', { body });
