// SPDX-License-Identifier: Apache-2.0

/** What kind of trouble it is, for whoever has to do something about it. */
export type Trouble =
  /** Nobody answers, or what stands before the server says that nobody does. */
  | 'unavailable'
  /** The session of the portal is over. */
  | 'session'
  /** The rights of the user do not suffice. */
  | 'forbidden'
  /** There is no such thing, none the user may see, or the server is too old to have it. */
  | 'missing'
  /** Somebody changed it meanwhile. */
  | 'changed'
  /** A rule says no, and why. */
  | 'refused';

/** An answer that is not what was asked for. */
export class ApiError extends Error {
  readonly trouble: Trouble;
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.name = 'ApiError';
    this.status = status;
    this.trouble = troubleOf(status);
  }
}

function troubleOf(status: number): Trouble {
  switch (status) {
    case 401:
      return 'session';
    case 403:
      return 'forbidden';
    case 404:
      return 'missing';
    case 412:
      return 'changed';
    case 0:
    case 502:
    case 503:
    case 504:
      return 'unavailable';
    default:
      return 'refused';
  }
}

/** Several reasons of the engine come as one text in brackets, separated by commas: it is shown without them. */
export function faultText(body: unknown): string {
  if (typeof body === 'object' && body !== null) {
    const fault = body as { fault?: unknown; detail?: unknown; reason?: unknown };
    if (fault.fault !== undefined) {
      return faultText(fault.fault);
    }
    if (typeof fault.detail === 'string') {
      // The engine writes its advice as the items of a list.
      return fault.detail.replace(/^\[(.*)\]$/s, '$1').replace(/([.:]) ?-(?=[A-Z])/g, '$1 ');
    }
    if (typeof fault.reason === 'string') {
      return fault.reason;
    }
  }
  return '';
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) {
    return error;
  }
  return new ApiError(0, error instanceof Error ? error.message : String(error));
}
