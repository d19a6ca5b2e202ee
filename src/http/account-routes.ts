import type { FastifyInstance } from 'fastify';
import { languageOf } from '../platform/language.js';
import { accountPages } from '../platform/mail/account-link.js';
import type { Random } from '../platform/random.js';
import { accountPage } from './account-pages/account-page.js';
import { ACCOUNT_PATH } from './paths.js';

const NONCE_BYTES = 16;

/**
 * Where the links of mails lead: small pages of ours, or, where the application has its own, the way there. Browsers keep
 * the fragment with the token over the redirect, and send it to neither; nothing of the request is handed on.
 */
export function addAccountRoutes(needs: {
  fastify: FastifyInstance;
  random: Random;
  /** null: pages of ours. */
  accountPagesUrl: string | null;
}): void {
  const { fastify, random, accountPagesUrl } = needs;
  const base = accountPagesUrl?.replace(/\/+$/, '');
  for (const page of accountPages) {
    fastify.get(`${ACCOUNT_PATH}/${page}`, async (request, reply) => {
      if (base !== undefined) return reply.redirect(`${base}/${page}`, 302);
      const language = languageOf(request.headers['accept-language']) ?? 'en';
      const nonce = random.bytes(NONCE_BYTES).toString('base64');
      const { body, contentSecurityPolicy } = accountPage({ page, language, nonce });
      return reply
        .header('content-security-policy', contentSecurityPolicy)
        .header('content-language', language)
        .type('text/html; charset=utf-8')
        .send(body);
    });
  }
}
