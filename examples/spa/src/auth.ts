import { createAuthClient } from '@gatehouse/client';
import { askForPassword } from './password-question';

/** Keeps this page signed in: the refresh token in a cookie that no script can read, the access token in memory. */
export const auth = createAuthClient({
  url: gatewayUrl(),
  delivery: 'COOKIE',
  onStaleAuthentication: askForPassword,
});

/** index.html names the gateway, so that whoever serves the built page can name another. */
function gatewayUrl(): string {
  const url = document.querySelector<HTMLMetaElement>('meta[name="gatehouse-url"]')?.content;
  if (!url) throw new Error('index.html names no gateway.');
  return url;
}
