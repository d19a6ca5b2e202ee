import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { type HostRule, headerValues, hostCheck } from './host-check.js';
import type { HttpLimits } from './limits.js';
import { type Refusal, refusals } from './refusal.js';

interface RequestCheckParts {
  hostRule: HostRule;
  limits: Pick<HttpLimits, 'cookieBytesMax'>;
  /** Requests whose URL the router could not read. */
  unreadableUrls: WeakSet<IncomingMessage>;
}

/** Makes the check that every request passes before anything of it is used: null, or why it is refused. */
export function requestCheck({
  hostRule,
  limits,
  unreadableUrls,
}: RequestCheckParts): (request: FastifyRequest) => Refusal | null {
  const hostFault = hostCheck(hostRule);
  return ({ raw, headers }) => {
    // Only a path (RFC 9112 3.2.1): an absolute URL would carry a host of its own past the check below.
    if (unreadableUrls.has(raw) || !raw.url?.startsWith('/')) return refusals.malformed;
    const fault = hostFault(headerValues({ rawHeaders: raw.rawHeaders, name: 'host' }));
    if (fault !== null) return fault === 'foreign' ? refusals.foreignHost : refusals.malformedHost;
    if ((headers.cookie?.length ?? 0) > limits.cookieBytesMax) return refusals.headersTooLarge;
    // RFC 9112 6.1: a coding that we don't undo would leave the body's end to interpretation (request smuggling).
    if ((headers['transfer-encoding'] ?? 'chunked').toLowerCase() !== 'chunked') return refusals.unframed;
    // RFC 9110 10.1.1: 100-continue is the only expectation; Node answers it.
    if ((headers.expect ?? '100-continue').toLowerCase() !== '100-continue') return refusals.expectation;
    return null;
  };
}
