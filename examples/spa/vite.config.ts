import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { gatewayUrl } from './gateway-url.mjs';

/** Lets the built page run its own scripts only, and talk to its gateway only. Vite's dev server needs more. */
function contentSecurityPolicy(): Plugin {
  const policy = [
    "default-src 'self'",
    `connect-src ${gatewayUrl}`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ];
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy.join('; ') },
        injectTo: 'head-prepend',
      },
    ],
  };
}

export default defineConfig({
  plugins: [react(), contentSecurityPolicy()],
  // The client package is a link to its folder, which has an Apollo Client of its own (so paths in tsconfig.json, too).
  resolve: { preserveSymlinks: true, dedupe: ['@apollo/client', 'graphql', 'rxjs'] },
  server: { host: 'localhost', port: 5173, strictPort: true },
  preview: { host: 'localhost', port: 4173, strictPort: true },
});
