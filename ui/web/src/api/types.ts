/**
 * The management API's objects by the names the dashboard uses. Their shapes
 * come from schema.d.ts, which `make generate` writes from the API's own
 * document; only what that document cannot say is added here. Times are
 * RFC 3339 in UTC, money is US dollars, ids of log rows are strings.
 */
import type { components } from './schema';

type Schemas = components['schemas'];

/**
 * An answer as it arrives: lists are written as [] when empty, never as null,
 * which the document allows for every list.
 */
export type Answer<T> = T extends readonly (infer Item)[]
  ? Answer<Item>[]
  : T extends object
    ? { [Name in keyof T]: NonNullable<T[Name]> extends readonly unknown[] ? Answer<Exclude<T[Name], null>> : Answer<T[Name]> }
    : T;

/** A body to send. The document's schema of acceptFormats cannot be expressed as a type. */
export type Sent<T> = { [Name in keyof T]: Name extends 'acceptFormats' ? AcceptFormats | null : T[Name] };

/** Chains stay as they were written: an old one lacks what was added later. */
type Stored<T> = T extends readonly (infer Item)[] ? Stored<Item>[] : T extends object ? { [Name in keyof T]?: Stored<T[Name]> } : T;

type Answered<Name extends keyof Schemas> = Answer<Schemas[Name]>;

/** Objects that are null at times, where the document says only when. */
type WithNull<T, Name extends keyof T> = Omit<T, Name> & { [N in Name]: T[N] | null };

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
  total?: number;
}

export type Me = WithNull<Answered<'MeBody'>, 'key'>;
export type Role = Me['role'];
export type LoginResult = Answered<'LoginBody'>;

export type Provider = WithNull<Answered<'ProviderBody'>, 'health'>;
export type ProviderType = Provider['type'];
export type AcceptFormats = Provider['acceptFormats'];
export type ModelRedirect = Answered<'ModelRedirect'>;
export type ModelRule = Answered<'ModelRule'>;
export type MatchType = Schemas['ModelRuleObject']['matchType'];
/** `key` and `proxyUrl` are write-only. */
export type NewProvider = Sent<Schemas['CreateProviderInputBody']>;
export type ProviderInput = Sent<Schemas['UpdateProviderInputBody']>;
export type ProviderHealth = Answered<'HealthBody'>;
/** What is known of the account behind a provider. */
export type AccountSummary = Answered<'AccountSummary'>;
export type AccountQuota = AccountSummary['quotas'][number];
export type ProviderAccount = Omit<Answered<'AccountBody'>, 'setup'> & { setup: WithNull<Answered<'AccountSetupBody'>, 'template'> };
export type AccountAdapter = ProviderAccount['setup']['adapter'];
/** `token` and the template's `headers` are write-only; left out they stay. */
export type AccountInput = Schemas['AccountFields'];
export type BreakerState = ProviderHealth['state'];

export type ProviderTestInput = Omit<Schemas['TestDraftInputBody'], 'providerId'> & {
  /** A stored provider, as it is. */
  providerId?: number;
  /** A stored provider that supplies what the draft leaves out. */
  draftOf?: number;
};
export type ProviderTestResult = Answered<'ReportBody'>;

export type User = Answered<'UserBody'>;
export type NewUser = Schemas['CreateUserInputBody'];
export type UserInput = Schemas['UpdateUserInputBody'];
export type ApiKey = Answered<'KeyBody'>;
export type NewKey = Schemas['CreateKeyBody'];
export type KeyInput = Schemas['UpdateKeyInputBody'];
/** The only answer that carries the key's secret. */
export type CreatedKey = Answered<'CreatedKeyBody'>;

/** The limits that users, keys and providers have in common; null is unlimited. */
export type LimitFields = Partial<
  Pick<
    User,
    | 'limit5hUsd' | 'dailyLimitUsd' | 'limitWeeklyUsd' | 'limitMonthlyUsd' | 'limitTotalUsd'
    | 'limitConcurrentSessions' | 'limitConcurrentRequests' | 'rpmLimit'
  >
>;
export type LimitUsage = Answered<'LimitUsageBody'>;
export type LimitWindow = Answered<'LimitWindowBody'>;

export type UsageLog = Answered<'LogBody'>;
export type SpecialSetting = Answered<'SpecialSetting'>;
/** Where a request spent its time besides waiting for answers. */
export type RouteTrace = Answered<'RouteTrace'>;
export type UsageLogDetail = WithNull<Answered<'LogDetailBody'>, 'decisionChain' | 'routeTrace'>;
/** One entry of the decision chain: a selection, an attempt's result, or an event between them. */
export type ChainEntry = Stored<Answered<'ChainEntry'>>;
export type DecisionContext = Stored<Answered<'DecisionContext'>>;

/** Who and what was used most, in a period and beside the one before. */
export type Board = WithNull<Answered<'LeaderboardBody'>, 'total'>;
export type BoardRow = Board['items'][number];
export type BoardPart = NonNullable<BoardRow['parts']>[number];
export type Figures = BoardRow['figures'];

/** One's own key and user, what is left of their limits and what they used. */
export type OwnAccount = WithNull<Answered<'ProfileBody'>, 'key'>;
export type OwnQuota = WithNull<Answered<'MyQuotaBody'>, 'binding'>;
export type OwnToday = Answered<'MyTodayBody'>;
export type OwnStats = Answered<'MyStatsBody'>;

export type RequestFilter = Answered<'RequestFilterBody'>;
export type NewRequestFilter = Sent<Schemas['CreateRequestFilterInputBody']>;
export type RequestFilterInput = Sent<Schemas['UpdateRequestFilterInputBody']>;
export type FilterOperation = Schemas['FilterOperation'];
/** A filter and the request it is tried on. */
export type FilterTrial = Sent<Schemas['TestRequestFilterInputBody']>;
export type ProviderGroup = Answered<'GroupBody'>;

export type Session = Answered<'SessionBody'>;
export type SetupState = Answered<'SetupBody'>;
export type DemoMode = Schemas['DemoBehaviourInputBody']['mode'];
export type HealthReport = Answered<'HealthReport'>;

export type Price = Answered<'PriceBody'>;
/** A model's entry of a price list, in the format of such files. */
export type PriceEntry = Record<string, unknown>;
export type PriceReport = Answered<'PriceReportBody'>;
export type PriceQuery = { dryRun?: boolean; overwrite?: string[] };
export type HeldPrice = Answered<'HeldBody'>;
export type UnpricedModel = Answered<'UnpricedBody'>;
export type Cost = Answered<'CostBody'>;
