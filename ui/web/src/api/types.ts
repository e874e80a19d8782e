/**
 * The management API's objects, as far as the dashboard uses them. Times are
 * RFC 3339 in UTC, money is US dollars, ids of log rows are strings.
 */

export interface Page<T> {
  items: T[];
  nextCursor?: string | null;
  total?: number;
}

export type Role = 'admin' | 'user' | 'reader';

export interface Me {
  user: { id: number; name: string; role?: string };
  key?: { id: number; name: string } | null;
  role: Role;
  permissions?: string[];
  expiresAt?: string | null;
}

export interface LoginResult {
  user: { id: number; name: string; role: string };
  loginType: 'admin' | 'dashboard_user' | 'readonly_user';
  redirectTo?: string;
  warning?: string;
}

export type ProviderType = 'claude' | 'claude-auth' | 'codex' | 'openai-compatible' | 'gemini' | 'gemini-cli';
export type BreakerState = 'closed' | 'open' | 'half_open';
export type MatchType = 'exact' | 'prefix' | 'suffix' | 'contains' | 'regex';

export interface ModelRedirect {
  matchType: MatchType;
  source: string;
  target: string;
}

export interface ModelRule {
  matchType: MatchType;
  pattern: string;
}

export interface BreakerSettings {
  failureThreshold: number;
  openDurationMs: number;
  halfOpenSuccessThreshold: number;
  failureWindowMs?: number;
  halfOpenMaxProbes?: number;
}

export interface LimitFields {
  limit5hUsd?: number | null;
  limit5hMode?: 'rolling' | 'fixed';
  dailyLimitUsd?: number | null;
  dailyMode?: 'rolling' | 'fixed';
  dailyResetTime?: string;
  limitWeeklyUsd?: number | null;
  limitMonthlyUsd?: number | null;
  limitTotalUsd?: number | null;
  limitConcurrentSessions?: number | null;
  limitConcurrentRequests?: number | null;
  rpmLimit?: number | null;
}

export type AcceptFormats = 'native' | 'all' | string[];

export interface Provider extends LimitFields {
  id: number;
  version: number;
  name: string;
  description?: string | null;
  type: ProviderType;
  url: string;
  keyLast4?: string;
  isEnabled: boolean;
  weight: number;
  priority: number;
  costMultiplier: number;
  groups: string[];
  maxAttempts?: number | null;
  acceptFormats?: AcceptFormats;
  codexInstructions?: string;
  circuitBreaker: BreakerSettings;
  proxyFallbackToDirect?: boolean;
  hasProxy?: boolean;
  firstByteTimeoutStreamingMs?: number;
  streamingIdleTimeoutMs?: number;
  requestTimeoutNonStreamingMs?: number;
  modelRedirects?: ModelRedirect[];
  allowedModels?: (string | ModelRule)[];
  preserveClientIp?: boolean;
  disableSessionReuse?: boolean;
  createdAt?: string;
  updatedAt?: string;
}

/** What a create or update sends; `key` and `proxyUrl` are write-only. */
export type ProviderInput = Partial<Omit<Provider, 'id' | 'version' | 'createdAt' | 'updatedAt' | 'keyLast4' | 'hasProxy'>> & {
  key?: string;
  proxyUrl?: string | null;
};

export interface ProviderHealth {
  providerId: number;
  state: BreakerState;
  failures: number;
  retryAt?: string | null;
  coolingUntil?: string | null;
  inFlight: number;
  limit?: number | null;
  sessions?: number;
  lastError?: string | null;
  lastErrorStatus?: number | null;
}

export interface ProviderTestInput {
  /** A stored provider, as it is. */
  providerId?: number;
  /** A stored provider that supplies what the draft leaves out. */
  draftOf?: number;
  type?: ProviderType;
  url?: string;
  key?: string;
  proxyUrl?: string;
  model?: string;
}

export interface ProviderTestResult {
  status: 'green' | 'yellow' | 'red';
  subStatus?: string;
  httpStatus?: number | null;
  latencyMs?: number | null;
  firstByteMs?: number | null;
  model?: string | null;
  content?: string | null;
  error?: string | null;
  rawSample?: string | null;
  usedProxy?: boolean;
  attempts?: { url?: string; httpStatus?: number; subStatus?: string; error?: string; preset?: string }[] | null;
}

export interface User extends LimitFields {
  id: number;
  version: number;
  name: string;
  description?: string | null;
  role: 'admin' | 'user';
  isEnabled: boolean;
  expiresAt?: string | null;
  groups: string[];
  allowedModels?: string[];
  keys?: ApiKey[];
  createdAt?: string;
}

export type UserInput = Partial<Omit<User, 'id' | 'version' | 'createdAt' | 'keys'>>;

export interface ApiKey extends LimitFields {
  id: number;
  version: number;
  userId: number;
  name: string;
  keyPrefix?: string;
  keyLast4?: string;
  isEnabled: boolean;
  expiresAt?: string | null;
  canLoginWebUi?: boolean;
  groups?: string[];
  lastUsedAt?: string | null;
  createdAt?: string;
}

export type KeyInput = Partial<Omit<ApiKey, 'id' | 'version' | 'userId' | 'createdAt' | 'keyPrefix' | 'keyLast4' | 'lastUsedAt'>>;
export type CreatedKey = ApiKey & { secret: string };

export interface LimitWindow {
  limitType: string;
  usedUsd?: number;
  used?: number;
  reserved?: number;
  limit?: number | null;
  percent?: number;
  resetAt?: string | null;
}

export interface LimitUsage {
  scope: 'user' | 'key' | 'provider';
  id: number;
  name: string;
  windows: LimitWindow[];
  bindingLimit?: string | null;
  exhaustsAt?: string | null;
}

export interface UsageLog {
  id: string;
  requestId: string;
  createdAt: string;
  userId?: number | null;
  userName?: string | null;
  keyId?: number | null;
  keyName?: string | null;
  providerId?: number | null;
  providerName?: string | null;
  providerType?: ProviderType | null;
  sessionId?: string | null;
  sessionSeq?: number | null;
  endpoint?: string;
  clientFormat?: string;
  model: string | null;
  modelSent?: string | null;
  modelReturned?: string | null;
  stream?: boolean;
  statusCode?: number | null;
  statusCodeInferred?: boolean;
  outcome?: string | null;
  errorCode?: string | null;
  errorMessage?: string | null;
  blockedBy?: string | null;
  blockedReason?: string | null;
  attempts?: number;
  inputTokens?: number | null;
  outputTokens?: number | null;
  cacheReadInputTokens?: number | null;
  cacheCreationInputTokens?: number | null;
  cacheCreation5mInputTokens?: number | null;
  cacheCreation1hInputTokens?: number | null;
  reasoningTokens?: number | null;
  usageSource?: string | null;
  costUsd?: number | null;
  costMultiplier?: number | null;
  groupMultiplier?: number | null;
  durationMs?: number | null;
  ttfbMs?: number | null;
  ttftMs?: number | null;
  clientIp?: string | null;
  userAgent?: string | null;
  clientKind?: string | null;
  clientVersion?: string | null;
  isDemo?: boolean;
}

export interface UsageLogDetail extends UsageLog {
  decisionChain?: ChainEntry[] | null;
  costBreakdown?: unknown;
}

/** One entry of the decision chain: a selection, an attempt's result, or an event between them. */
export interface ChainEntry {
  id?: number;
  name?: string;
  providerType?: string;
  endpointUrl?: string;
  reason?: string;
  selectionMethod?: string;
  priority?: number;
  weight?: number;
  costMultiplier?: number;
  groups?: string[];
  circuitState?: string;
  timestamp?: string | number;
  attemptNumber?: number;
  durationMs?: number;
  ttfbMs?: number;
  detail?: string;
  statusCode?: number;
  statusCodeInferred?: boolean;
  errorMessage?: string;
  errorDetails?: {
    provider?: { statusCode?: number; upstreamBody?: string };
    system?: { errorType?: string; errorCode?: string; errorMessage?: string };
    clientError?: string;
    matchedRule?: { ruleId?: number; pattern?: string; category?: string };
  };
  circuitFailureCount?: number;
  circuitFailureThreshold?: number;
  modelRedirect?: { originalModel?: string; redirectedModel?: string };
  conversion?: { from?: string; to?: string; drops?: unknown[] };
  phase?: string;
  decisionContext?: DecisionContext;
}

export interface DecisionContext {
  totalProviders?: number;
  enabledProviders?: number;
  afterGroupFilter?: number;
  afterModelFilter?: number;
  beforeHealthCheck?: number;
  afterHealthCheck?: number;
  userGroup?: string;
  requestedModel?: string;
  targetType?: string;
  filteredProviders?: { id?: number; name?: string; reason?: string; details?: string }[] | null;
  selectedPriority?: number;
  candidatesAtPriority?: { id?: number; name?: string; weight?: number; costMultiplier?: number; probability?: number }[] | null;
  /** Milliseconds since the session was bound. */
  sessionAge?: number;
  bindingDroppedReason?: string;
  filteredProvidersOmitted?: number;
  excludedProviderIds?: number[] | null;
  concurrentLimit?: number;
  currentConcurrent?: number;
}

export interface Session {
  id: string;
  sessionId: string;
  userId?: number;
  userName?: string | null;
  keyId?: number;
  keyName?: string | null;
  providerId?: number | null;
  providerName?: string | null;
  providerType?: ProviderType | null;
  model?: string | null;
  clientKind?: string | null;
  clientVersion?: string | null;
  requests: number;
  inFlight?: number;
  inputTokens?: number | null;
  outputTokens?: number | null;
  costUsd?: number | null;
  firstAt?: string;
  lastAt?: string;
  expiresAt?: string | null;
}

export interface SetupState {
  providers: number;
  requests: number;
  keys: number;
  demo: 'off' | 'ready' | 'running';
  demoAvailable: boolean;
  /** How the demo upstream behaves; null while there is none. */
  demoMode?: string | null;
  adminTokenSource?: 'env' | 'generated';
  steps?: Record<string, 'done' | 'open'>;
  dismissed?: boolean;
}

export interface SiteMeta {
  title?: string;
  version?: string;
  origin?: string;
  timezone?: string;
  locale?: string;
}

export interface HealthReport {
  /** healthy, degraded or unhealthy. */
  status: string;
  version?: string;
  components?: Record<string, unknown>;
}
