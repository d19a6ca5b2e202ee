import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopbackHost } from '../config.js';
import type { DevInbox, InboxMail } from '../platform/mail/dev-inbox.js';
import { escapeHtml } from '../platform/mail/templates/layout.js';
import type { Random } from '../platform/random.js';
import { clientAddress } from './client-address.js';
import { DEV_MAIL_JSON_PATH, DEV_MAIL_PATH } from './paths.js';

const NONCE_BYTES = 16;
/** To a proxy on this machine everybody seems to be of this machine. What such a one adds gives it away. */
const FORWARDING_HEADERS = /^(forwarded|via|x-forwarded(-.*)?|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip)$/i;
const STYLE = `
body { font-family: system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
article { border-top: 1px solid #999; padding: 1rem 0; } h2 { margin: 0; font-size: 1.1rem; }
iframe { width: 100%; height: 24rem; border: 1px solid #ccc; } pre { white-space: pre-wrap; word-break: break-all; }
`;

/**
 * In development, the mail that was sent: as a page and as JSON. The mails open accounts, so that only a browser on this
 * machine, with nothing between, gets them; to all others there is no such path.
 */
export function addDevMailRoutes(needs: { fastify: FastifyInstance; inbox: DevInbox; random: Random }): void {
  const { fastify, inbox, random } = needs;
  fastify.get(DEV_MAIL_JSON_PATH, async (request, reply) => {
    if (!isFromHere(request)) return reply.callNotFound();
    return inbox.mails();
  });
  fastify.get(DEV_MAIL_PATH, async (request, reply) => {
    if (!isFromHere(request)) return reply.callNotFound();
    const nonce = random.bytes(NONCE_BYTES).toString('base64');
    return reply
      .header('content-security-policy', contentSecurityPolicy(nonce))
      .type('text/html; charset=utf-8')
      .send(inboxPage({ mails: inbox.mails(), nonce }));
  });
}

function isFromHere({ raw }: FastifyRequest): boolean {
  const names = raw.rawHeaders.filter((_entry, index) => index % 2 === 0);
  return (
    isLoopbackHost(clientAddress([raw.socket.remoteAddress])) && !names.some((name) => FORWARDING_HEADERS.test(name))
  );
}

/** Mails bring styles in attributes, and no script runs, theirs least of all: they are shown in sandboxes. */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `style-src-elem 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join(';');
}

function inboxPage({ mails, nonce }: { mails: readonly InboxMail[]; nonce: string }): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mail</title>',
    `<style nonce="${nonce}">${STYLE}</style></head><body><h1>Mail of this process</h1>`,
    mails.length === 0 ? '<p>None was sent since the start.</p>' : '',
    ...mails.map(mailArticle),
    '</body></html>',
  ].join('\n');
}

function mailArticle({ to, subject, text, html, sentAt }: InboxMail): string {
  // Its links open beside the inbox: the sandbox itself goes nowhere.
  const framed = `<base target="_blank">${html}`;
  const sandbox = 'allow-popups allow-popups-to-escape-sandbox';
  return `<article><h2>${escapeHtml(subject)}</h2><p>To ${escapeHtml(to)}, ${sentAt.toISOString()}</p>
<iframe sandbox="${sandbox}" title="${escapeHtml(subject)}" srcdoc="${escapeHtml(framed)}"></iframe>
<details><summary>Text</summary><pre>${escapeHtml(text)}</pre></details></article>`;
}
