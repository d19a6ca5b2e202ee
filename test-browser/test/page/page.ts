import { type AuthClient, type AuthState, createAuthClient } from '../../../packages/client/dist/index.js';

declare global {
  interface Window {
    auth: AuthClient;
    /** All that `onAuthChange` told since the page was loaded. */
    changes: AuthState[];
  }
}

const meta = document.querySelector<HTMLMetaElement>('meta[name="gatehouse-url"]');
const timeoutMs = Number(new URLSearchParams(location.search).get('timeoutMs') ?? 10_000);
window.auth = createAuthClient({ url: meta?.content ?? '', delivery: 'COOKIE', timeoutMs });
window.changes = [];
window.auth.onAuthChange((state) => window.changes.push(state));
