import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { accountPages } from '../../src/platform/mail/account-link.js';
import { ask, startThrowAway, type ThrowAwayGateway } from './throw-away-gateway.js';

let own: ThrowAwayGateway;
let elsewhere: ThrowAwayGateway;
beforeAll(async () => {
  own = await startThrowAway();
  elsewhere = await startThrowAway({
    config: { isProduction: true, accountPagesUrl: 'https://app.example.org/account/' },
  });
});
afterAll(async () => {
  await own.stop();
  await elsewhere.stop();
});

const nonceOf = (policy: string | null) => /script-src 'nonce-([^']+)'/.exec(policy ?? '')?.[1] ?? '';

it('serves a page for each link, with a script of its own and nothing from elsewhere', async () => {
  const nonces = new Set<string>();
  for (const page of accountPages) {
    const { status, headers, text } = await ask(own, { path: `/account/${page}` });
    expect([page, status, headers.get('content-type')]).toEqual([page, 200, 'text/html; charset=utf-8']);
    const policy = headers.get('content-security-policy');
    const nonce = nonceOf(policy);
    nonces.add(nonce);
    expect(policy).toBe(
      `default-src 'none';script-src 'nonce-${nonce}';style-src 'nonce-${nonce}';connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'`,
    );
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(text).toContain(`<script nonce="${nonce}">`);
    expect(text).not.toMatch(/https?:\/\//);
    expect(text).not.toMatch(/\son\w+=|\sstyle=/);
  }
  expect(nonces.size).toBe(accountPages.length);
});

it('speaks the language of the browser, English else', async () => {
  const titleIn = async (language: string) => {
    const { text, headers } = await ask(own, {
      path: '/account/reset-password',
      headers: { 'accept-language': language },
    });
    return [headers.get('content-language'), /<h1>(.*?)<\/h1>/.exec(text)?.[1]];
  };
  expect(await titleIn('de-AT,de;q=0.8,en;q=0.5')).toEqual(['de', 'Neues Passwort wählen']);
  expect(await titleIn('fr')).toEqual(['en', 'Choose a new password']);
  expect(await titleIn(`de${',x'.repeat(1000)}`)).toEqual(['en', 'Choose a new password']);
});

it('sends on to pages of the application, without anything of the request', async () => {
  for (const page of accountPages) {
    const { status, headers } = await ask(elsewhere, {
      path: `/account/${page}?token=x&next=evil`,
      redirect: 'manual',
    });
    expect([status, headers.get('location')]).toEqual([302, `https://app.example.org/account/${page}`]);
  }
});

it('has no other page, and no other method', async () => {
  expect((await ask(own, { path: '/account/evil' })).status).toBe(404);
  expect((await ask(own, { path: '/account' })).status).toBe(404);
  const posted = await ask(own, { path: '/account/verify-email', method: 'POST' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET']);
});
