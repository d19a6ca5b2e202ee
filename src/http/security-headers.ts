import type { FastifyHelmetOptions } from '@fastify/helmet';

/** One year, subdomains too: what OWASP ASVS 5.0 3.4.1 asks for (RFC 6797). */
const HSTS_SECONDS = 31_536_000;

/** What @fastify/helmet puts on every routed answer (OWASP ASVS 5.0 3.4); the explorers' pages loosen only the CSP. */
export function helmetOptions({ isProduction }: { isProduction: boolean }): FastifyHelmetOptions {
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
 * The same headers for answers that are written to a bare socket, which no plugin sees.
 *
 * A test compares them with those of a routed answer.
 */
export function bareSecurityHeaders({ isProduction }: { isProduction: boolean }): Record<string, string> {
  return {
    'content-security-policy': "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'referrer-policy': 'no-referrer',
    ...(isProduction ? { 'strict-transport-security': `max-age=${HSTS_SECONDS}; includeSubDomains` } : {}),
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'x-download-options': 'noopen',
    'x-frame-options': 'DENY',
    'x-permitted-cross-domain-policies': 'none',
    'x-xss-protection': '0',
    'cache-control': 'no-store',
    vary: 'Origin',
  };
}
