/** One rejected field of a validation error. */
export interface InvalidParam {
  path: (string | number)[];
  code?: string;
  message?: string;
}

interface ProblemBody {
  title?: string;
  detail?: string;
  errorCode?: string;
  requestId?: string;
  invalidParams?: InvalidParam[];
  current?: unknown;
  [extra: string]: unknown;
}

/** A refused or failed call. `code` is stable and translated; `detail` is English text from the server. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  readonly invalidParams: InvalidParam[];
  /** The newest state of the object, after a write that lost a race. */
  readonly current: unknown;
  /** Seconds after which another try makes sense. */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: ProblemBody, retryAfter?: number) {
    super(body.detail ?? body.title ?? `HTTP ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = body.errorCode ?? fallbackCode(status);
    this.detail = body.detail ?? body.title ?? '';
    this.requestId = body.requestId;
    this.invalidParams = body.invalidParams ?? [];
    this.current = body.current;
    this.retryAfter = retryAfter;
  }
}

function fallbackCode(status: number): string {
  if (status === 0) return 'network.unreachable';
  return status >= 500 ? 'internal.error' : `http.${status}`;
}

/** Builds the error of a response, whatever its body looks like: a proxy in between may answer in HTML. */
export async function readProblem(response: Response): Promise<ApiError> {
  const after = Number(response.headers.get('Retry-After'));
  const retryAfter = Number.isFinite(after) && after > 0 ? after : undefined;
  let body: ProblemBody = {};
  if ((response.headers.get('Content-Type') ?? '').includes('json')) {
    try {
      body = (await response.json()) as ProblemBody;
    } catch {
      body = {};
    }
  }
  body.requestId ??= response.headers.get('X-Request-Id') ?? undefined;
  return new ApiError(response.status, body, retryAfter);
}

export function isApiError(error: unknown, status?: number): error is ApiError {
  return error instanceof ApiError && (status === undefined || error.status === status);
}
