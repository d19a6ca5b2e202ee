import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Kind, type OperationDefinitionNode, parse } from 'graphql';
import { exampleOperations } from '../../src/http/example-operations.js';
import { ask, startThrowAway, type ThrowAwayGateway } from './throw-away-gateway.js';

let gateway: ThrowAwayGateway;

beforeAll(async () => {
  gateway = await startThrowAway();
});
afterAll(() => gateway.stop());

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

describe('explorers', () => {
  it('shows a browser Apollo Sandbox at /graphql, with the example operations and a link to the local explorer', async () => {
    const page = await ask(gateway, { headers: browser });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toBe(
      "frame-ancestors 'none';base-uri 'none';form-action 'none'",
    );
    expect(page.text).toContain('mutation LogoutEverywhere');
    expect(page.text).toContain('offline. <a href="/explorer">');
    expect(page.text).toContain('#embeddableSandbox:empty { pointer-events: none; }');
    expect(page.text).toMatch(/"includeCookies":true[\s\S]*"runTelemetry":false/);
  });

  it('shows nothing to a client that does not ask for HTML', async () => {
    for (const accept of ['*/*', 'application/json'])
      expect((await ask(gateway, { headers: { accept } })).status).toBe(405);
  });

  it('serves GraphiQL at /explorer from this machine alone, with a nonce of its own for each answer', async () => {
    const pages = [
      await ask(gateway, { path: '/explorer' }),
      await ask(gateway, { path: '/explorer?query=%7Bhello%7D' }),
    ];
    const nonces = pages.map(({ status, headers, text }) => {
      const policy = headers.get('content-security-policy') ?? '';
      expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
        200,
        'text/html; charset=utf-8',
        'no-store',
      ]);
      expect(policy).toMatch(
        /^default-src 'none';script-src 'nonce-[^']+';style-src 'unsafe-inline';worker-src blob:;connect-src 'self';/,
      );
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
      expect(text.split(`<script nonce="${nonce}">`)).toHaveLength(2);
      expect(text.slice(0, 15)).toBe('<!doctype html>');
      expect(text).toContain('"endpoint":"/graphql"');
      expect(text).toContain('mutation LogoutEverywhere');
      expect(text).not.toMatch(/<(?:script|link|img|iframe)[^>]+(?:src|href)="(?:https?:)?\/\//);
      return nonce;
    });
    expect(new Set(nonces).size).toBe(2);
  });

  it('has an example for each step, that parses, bears a comment and cannot end the script it stands in', () => {
    const operations = parse(exampleOperations).definitions as OperationDefinitionNode[];
    expect(operations.every(({ kind }) => kind === Kind.OPERATION_DEFINITION)).toBe(true);
    expect(operations.map(({ name }) => name?.value)).toEqual([
      'Register',
      'Login',
      'Me',
      'RefreshToken',
      'Sessions',
      'EndSession',
      'EndOtherSessions',
      'Logout',
      'LogoutEverywhere',
    ]);
    expect(exampleOperations.match(/^# \d\. /gm)).toHaveLength(operations.length);
    expect(exampleOperations).not.toMatch(/[<>&']/);
  });
});
