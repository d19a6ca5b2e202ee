import { answerIn } from './answer-in.js';
import { type AnswerLike, createRemedies, hasValue } from './remedies.js';
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
 * Makes a `fetch` that sends the access token along, and where it is refused renews it and sends the request once more;
 * so it does where the sign-in is not recent enough, once the client has the password. Requests to other origins, and
 * those with an `authorization` header of their own, pass untouched. Where there is no other token, the first answer is
 * handed on; where the gateway can't say, it rejects with an `AuthClientError`.
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
    const remedyFor = createRemedies(client, isQuery(init?.body) ? () => false : hasValue);
    const sendWith = async (accessToken: string | null): Promise<Response> => {
      if (accessToken !== null) headers.set('authorization', `Bearer ${accessToken}`);
      const answer = await send(isRepeatable && request !== null ? request.clone() : input, { ...init, headers });
      const remedy = isRepeatable ? remedyFor(await answerOf(answer), accessToken) : null;
      const other = remedy === null ? null : await unlessAborted(signal, remedy());
      if (other === null || other === accessToken) return answer;
      void answer.body?.cancel();
      return sendWith(other);
    };
    return sendWith(await unlessAborted(signal, client.getAccessToken()));
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

/** Surely; of any other operation, it is not known what it did. */
function isQuery(body: unknown): boolean {
  try {
    const { query } = JSON.parse(typeof body === 'string' ? body : '') as { query?: unknown };
    return typeof query === 'string' && !/\bmutation\b/.test(query);
  } catch {
    return false;
  }
}

async function answerOf(answer: Response): Promise<AnswerLike> {
  const isJson = JSON_TYPE.test(answer.headers.get('content-type') ?? '');
  try {
    return answerIn(answer.status, isJson ? await answer.clone().text() : '');
  } catch {
    // It broke off: whoever reads it will see.
    return {};
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
