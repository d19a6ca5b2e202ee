import { AuthClientError } from './auth-client-error.js';
import type { Platform } from './types.js';

/** One operation, as it is sent. */
export interface OperationCall {
  readonly query: string;
  readonly variables?: object;
  readonly accessToken?: string | null | undefined;
  /** Whether the cookie goes along and may be set. */
  readonly withCookie?: boolean;
}

/** Sends one operation and answers its data. @throws {AuthClientError} */
export type SendOperation = <Data>(call: OperationCall) => Promise<Data>;

interface Answer {
  data?: unknown;
  errors?: {
    message: string;
    extensions?: Partial<AuthClientError['extensions']>;
  }[];
}

/** Makes the one way to the gateway; an answer that does not come in time counts as none. */
export function createSendOperation(needs: { url: string; timeoutMs: number; platform: Platform }): SendOperation {
  const { url, timeoutMs, platform } = needs;
  const fetchAnswer = async ({ query, variables, accessToken, withCookie }: OperationCall): Promise<Answer> => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeoutMs);
    try {
      const response = await platform.fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(accessToken ? { authorization: `Bearer ${accessToken}` } : {}),
        },
        body: JSON.stringify({ query, variables }),
        credentials: withCookie ? 'include' : 'omit',
        signal: abort.signal,
      });
      return ((await response.json()) as Answer | null) ?? {};
    } catch {
      return {};
    } finally {
      clearTimeout(timer);
    }
  };
  return async <Data>(call: OperationCall) => {
    const { data, errors } = await fetchAnswer(call);
    const error = errors?.[0];
    if (error === undefined && data !== undefined) return data as Data;
    throw new AuthClientError(error?.message ?? 'The gateway did not answer.', {
      code: 'UNREACHABLE',
      ...error?.extensions,
    });
  };
}
