import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gate: TestGateway;
beforeAll(async () => {
  gate = await startTestGateway({ INTROSPECTION: 'true' });
});
afterAll(() => gate.close());

it('passes the audit suite of GraphQL over HTTP with no failure that counts as an error', async () => {
  const audits = serverAudits({ url: () => `${gate.url}/graphql`, fetchFn: fetch });
  const results = [];
  for (const audit of audits) results.push(await audit.fn());
  const failed = results.filter(({ status }) => status === 'error').map(({ name, id }) => `${id} ${name}`);
  expect(failed).toEqual([]);
  expect(results.length).toBeGreaterThan(50);
});
