// SPDX-License-Identifier: Apache-2.0
import createClient, { type Client } from 'openapi-fetch';
import { portalApi } from '../portal/api';
import { ApiError, faultText } from './errors';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];

const ENGINE = '/ovirt-engine/api';

/**
 * Our own API. The token of the portal's session is asked for with each request and kept nowhere; cookies are
 * left out, so that nothing but the token counts.
 */
export const api: Client<paths> = createClient<paths>({
  baseUrl: `${window.location.origin}/ovirt-isolated-ports/api`,
  credentials: 'omit',
  cache: 'no-store',
  headers: { Accept: 'application/json' },
  fetch: (request: Request) => fetch(request),
});
api.use({
  onRequest({ request }) {
    request.headers.set('Authorization', `Bearer ${portalApi().ssoToken()}`);
    return request;
  },
});

interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** The body of an answer, or an {@link ApiError}. */
export async function body<T>(answer: Promise<Answer<T>>): Promise<T> {
  return (await tagged(answer)).value;
}

/** The same with the version that was read, to be sent back as If-Match. */
export async function tagged<T>(answer: Promise<Answer<T>>): Promise<{ value: T; tag: string }> {
  let got: Answer<T>;
  try {
    got = await answer;
  } catch (e) {
    throw new ApiError(0, e instanceof Error ? e.message : String(e));
  }
  if (!got.response.ok) {
    throw new ApiError(got.response.status, faultText(got.error));
  }
  // Some changes are answered without a body.
  return { value: got.data as T, tag: got.response.headers.get('ETag') ?? '' };
}

/** What only the engine has, in its own words. */
export async function engine<T>(path: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(ENGINE + path, {
      headers: { Accept: 'application/json', Authorization: `Bearer ${portalApi().ssoToken()}` },
      credentials: 'omit',
      cache: 'no-store',
      ...(signal ? { signal } : {}),
    });
  } catch (e) {
    throw new ApiError(0, e instanceof Error ? e.message : String(e));
  }
  const text = await response.text();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (!response.ok) {
    throw new ApiError(response.status, faultText(parsed));
  }
  if (parsed === undefined) {
    throw new ApiError(502, '');
  }
  return parsed as T;
}
