import type { AuthClient } from '@gatehouse/client';
import type { TestGateway } from '../../../../dist/test/support/test-gateway.js';
import { createRecordedFetch } from './recorded-fetch.js';
import { signInApp } from './signed-in-app.js';
import type { Answer, ThirdParty } from './third-party.js';

/** Signs somebody in by our client, for a third party that asks by `connect`. */
export function byOurClient(
  connect: (needs: { app: AuthClient; url: string; fetch: typeof fetch }) => (operationName: string) => Promise<Answer>,
): (gate: TestGateway) => Promise<ThirdParty> {
  return async (gate) => {
    const { app, device, email, password, sessionId } = await signInApp(gate);
    const recorded = createRecordedFetch();
    return {
      ask: connect({ app, url: app.url, fetch: recorded.fetch }),
      sent: () => [...device.sent, ...recorded.sent],
      isSignedOut: () => app.state.status === 'signed_out',
      email,
      password,
      sessionId,
    };
  };
}
