import { isRefused } from './is-refused.js';
import type { AuthClient } from './types.js';

/** Where else the access token may go, and by what. */
export interface AuthFetchOptions {
  /** Origins that may see the access token beside the gateway's own, e.g. `https://api.example.org`. */
  readonly origins?: readonly string[];
  /** Sends the requests; default: the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** Both of GraphQL over HTTP; no stream of parts. */
const JSON_TYPE = /^application\/(graphql-response\+)?json\b/i;

/**
 * Makes a `fetch` that sends the access token along, and where it is refused renews it and sends the request once more.
 * Requests to other origins, and those with an `authorization` header of their own, pass untouched. Where there is no
 * other token, the first answer is handed on; where the gateway can't say, it rejects with an `AuthClientError`.
 *
 * @throws {TypeError} an origin is malformed.
 */
export function createAuthFetch(client: AuthClient, options: AuthFetchOptions = {}): typeof fetch {
  const { origins = [], fetch: send = (input, init) => fetch(input, init) } = options;
  const trusted = new Set([client.url, ...origins].map(originOf));
  return async (input, init) => {
    const request = typeof input === 'object' && 'url' in input ? input : null;
    const headers = new Headers(init?.headers ?? request?.headers);
    const isTrusted = isOneOf(trusted, request?.url ?? String(input));
    if (!isTrusted || headers.has('authorization')) return send(input, init);

    const signal = init?.signal ?? request?.signal;
    const isRepeatable = !isStream(init?.body);
    const sendWith = (accessToken: string | null, isLast: boolean) => {
      if (accessToken !== null) headers.set('authorization', `Bearer ${accessToken}`);
      return send(isLast || request === null ? input : request.clone(), { ...init, headers });
    };
    const accessToken = await unlessAborted(signal, client.getAccessToken());
    const answer = await sendWith(accessToken, !isRepeatable);
    if (!isRepeatable || !(await isRefusal(answer))) return answer;
    const renewal = await unlessAborted(signal, client.renewAccessToken(accessToken));
    if (renewal === null || renewal === accessToken) return answer;
    void answer.body?.cancel();
    return sendWith(renewal, true);
  };
}

/** Relative ones are the page's. */
function originOf(url: string): string {
  return new URL(url, globalThis.location?.href).origin;
}

function isOneOf(origins: ReadonlySet<string>, url: string): boolean {
  try {
    return origins.has(originOf(url));
  } catch {
    return false;
  }
}

function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body);
}

async function isRefusal(answer: Response): Promise<boolean> {
  const isJson = JSON_TYPE.test(answer.headers.get('content-type') ?? '');
  try {
    return isRefused(answer.status, isJson ? await answer.clone().text() : '');
  } catch {
    // It broke off: whoever reads it will see.
    return false;
  }
}

async function unlessAborted<Result>(signal: AbortSignal | null | undefined, work: Promise<Result>): Promise<Result> {
  if (!signal) return work;
  let stop = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
  });
  return Promise.race([aborted, work]).finally(() => signal.removeEventListener('abort', stop));
}
