import type { AuthClient, AuthClientOptions } from './types.js';

/**
 * Makes {@link AuthClient.freshenAuthentication}: one question to the app at a time, for all operations that wait for
 * its answer, and again where the password was wrong.
 */
export function createFreshen(
  ask: AuthClientOptions['onStaleAuthentication'],
  client: Pick<AuthClient, 'peekAccessToken' | 'reauthenticate'>,
): AuthClient['freshenAuthentication'] {
  let underWay: Promise<string | null> | null = null;
  let freshened: string | null = null;

  const freshen = async (maxAgeSeconds: number): Promise<string | null> => {
    for (let failure = null; ; ) {
      const password = (await ask?.({ maxAgeSeconds, failure })) ?? null;
      if (password === null) return null;
      const result = await client.reauthenticate(password);
      if (result.__typename === 'AuthPayload') {
        freshened = client.peekAccessToken();
        return freshened;
      }
      failure = result;
    }
  };
  return async (refused, maxAgeSeconds) => {
    if (ask === undefined) return null;
    // Sent before another operation's question was answered.
    if (freshened !== null && freshened !== refused && freshened === client.peekAccessToken()) return freshened;
    underWay ??= freshen(maxAgeSeconds).finally(() => {
      underWay = null;
    });
    return underWay;
  };
}
