import 'reflect-metadata';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { REFRESH_VERDICTS } from '../src/platform/metrics/metrics.js';
import { LOGOUT } from './support/graphql-client.js';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';

interface Rule {
  alert: string;
  expr: string;
  annotations: { summary: string; runbook: string };
}

const alerts = (
  parse(readFileSync('deploy/prometheus/alerts.yaml', 'utf8')) as { groups: { rules: Rule[] }[] }
).groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(readFileSync('deploy/grafana/gatehouse.json', 'utf8')) as {
  panels: { title: string; targets: { expr: string }[] }[];
};
const manual = readFileSync('docs/operating.md', 'utf8');

let gate: TestGateway;
let scraped: string;
beforeAll(async () => {
  gate = await startTestGateway({ METRICS_PORT: '0' });
  const ada = await gate.registerSomebody();
  const { refreshToken } = await gate.login(ada);
  await gate.send(LOGOUT, { refreshToken });
  const served = gate.logLines.map((line) => JSON.parse(line)).find(({ event }) => event === 'metrics_served');
  scraped = await (await fetch(served.url)).text();
});
afterAll(() => gate.close());

/** The metrics that an expression asks for, each with the labels it names. */
function metricsIn(expression: string): { name: string; labels: string[] }[] {
  const found = [...expression.matchAll(/\b((?:gatehouse|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)];
  return found.map(([, name = '', selector = '']) => ({
    name,
    labels: [...selector.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label),
  }));
}

const grouped = (expression: string) =>
  [...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/,\s*/));

const families = () =>
  new Map([...scraped.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [name, type]));

/** A histogram's series are its name with an ending. */
const exists = (name: string) =>
  families().has(name) || families().get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram';

const expressions = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];

/** Mails are counted once there are any. */
const LABELS: Record<string, string[]> = { gatehouse_mails_total: ['kind', 'result'] };

function labelsOf(name: string): string[] {
  const series = [...scraped.matchAll(new RegExp(`^${name}\\{([^}]*)\\}`, 'gm'))].map(([, labels = '']) => labels);
  const names = series.flatMap((labels) => [...labels.matchAll(/(\w+)=/g)].map(([, label = '']) => label));
  return [...new Set([...names, ...(LABELS[name] ?? [])])];
}

describe('the dashboard and the alerts', () => {
  it('ask for metrics that the gateway has, by labels that these bear', () => {
    expect(expressions.length).toBeGreaterThan(30);
    for (const [where, expression] of expressions) {
      const asked = metricsIn(expression);
      expect([where, asked.length > 0 || expression.startsWith('up{')]).toEqual([where, true]);
      for (const { name, labels } of asked) {
        expect([where, name, exists(name)]).toEqual([where, name, true]);
        const wanted = [...labels, ...grouped(expression)].filter((label) => label !== 'instance');
        const missing = wanted.filter((label) => !labelsOf(name).includes(label));
        expect([where, name, missing]).toEqual([where, name, []]);
      }
    }
  });

  it('ask for verdicts that there are', () => {
    const verdicts = expressions.flatMap(([, expression]) =>
      [...expression.matchAll(/verdict=~?"([^"]*)"/g)].flatMap(([, list = '']) => list.split('|')),
    );
    expect(verdicts.length).toBeGreaterThan(1);
    for (const verdict of verdicts) expect(REFRESH_VERDICTS).toContain(verdict);
  });

  it('show every metric of the gateway’s own', () => {
    const shown = new Set(expressions.flatMap(([, expression]) => metricsIn(expression)).map(({ name }) => name));
    const own = [...families().keys()].filter((name) => name.startsWith('gatehouse_'));
    expect(own.length).toBeGreaterThan(15);
    expect(own.filter((name) => !shown.has(name) && !shown.has(`${name}_bucket`))).toEqual([]);
  });
});

describe('the operating manual', () => {
  it('has a section for every alert, which the alert names, and no other', () => {
    const sections = [...manual.matchAll(/^### (Gatehouse\w+)$/gm)].map(([, name = '']) => name);
    expect(sections.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
    for (const { alert, annotations } of alerts) {
      expect(annotations.runbook).toBe(`docs/operating.md#${alert.toLowerCase()}`);
      expect(annotations.summary).not.toBe('');
    }
  });

  it('names every metric of the gateway’s own', () => {
    const own = [...families().keys()].filter((name) => name.startsWith('gatehouse_'));
    const missing = own.filter((name) => !manual.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });

  it('names every event of the log', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const sources = files.map((file) => readFileSync(`src/${file}`, 'utf8')).join('\n');
    const events = new Set([...sources.matchAll(/\bevent: '(\w+)'/g)].map(([, event = '']) => event));
    expect(events.size).toBeGreaterThan(20);
    expect([...events].filter((event) => !manual.includes(`\`${event}\``))).toEqual([]);
  });
});
