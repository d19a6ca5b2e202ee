import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet, { type HelmetOptions } from 'helmet';

/** The `Cache-Control` of every answer (RFC 9111 5.2.2.5): it may bear tokens. */
export const NOT_STORED = 'no-store';

/** One year, subdomains too: what OWASP ASVS 5.0 3.4.1 asks for (RFC 6797). */
const HSTS_SECONDS = 31_536_000;

function helmetOptions({ isProduction }: { isProduction: boolean }): HelmetOptions {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
      },
    },
    // In development there is no TLS: a browser that remembered HSTS for localhost would lock out every other project.
    strictTransportSecurity: isProduction ? { maxAge: HSTS_SECONDS, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  };
}

/**
 * The headers of every answer (OWASP ASVS 5.0 3.4), those that are written to a bare socket included; the explorers'
 * pages loosen only the CSP. helmet is asked once: its answer depends on no request.
 */
export function securityHeaders(needs: { isProduction: boolean }): Record<string, string> {
  const answer = new ServerResponse(new IncomingMessage(new Socket()));
  helmet(helmetOptions(needs))(answer.req, answer, () => undefined);
  const set = Object.entries(answer.getHeaders()).map(([name, value]) => [name, String(value)]);
  return { ...Object.fromEntries(set), 'cache-control': NOT_STORED, vary: 'Origin' };
}
