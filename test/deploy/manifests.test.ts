import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config.js';
import { LIVE_PATH, READY_PATH } from '../../src/http/paths.js';
import { settings } from '../../src/settings.js';

// biome-ignore lint/suspicious/noExplicitAny: whatever stands in a file of YAML, which the expectations look into.
type Json = any;

const isSetting = (name: string) => name in settings.shape;

const dockerfile = readFileSync('Dockerfile', 'utf8');
const compose: Json = parse(readFileSync('compose.yaml', 'utf8'));
const manifests: Json[] = readdirSync('deploy/kubernetes').flatMap((file) =>
  parseAllDocuments(readFileSync(`deploy/kubernetes/${file}`, 'utf8')).map((document) => {
    expect([file, document.errors]).toEqual([file, []]);
    return document.toJS();
  }),
);
const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
const pods = [...ofKind('Deployment'), ...ofKind('Job')].map(({ metadata, spec }) => ({
  name: metadata.name as string,
  labels: spec.template.metadata.labels as Record<string, string>,
  spec: spec.template.spec,
}));
const [gateway] = ofKind('Deployment');

/** What docs/operating.md puts into the secret. */
const SECRETS = {
  DATABASE_URL: 'postgresql://gatehouse:secret@db.internal/gatehouse',
  SMTP_URL: 'smtps://gatehouse:secret@mail.internal',
  ...Object.fromEntries(
    execFileSync(process.execPath, ['deploy/image/make-secrets.mjs'], { encoding: 'utf8' })
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  ),
};
const IMAGE = Object.fromEntries(
  [...(/^ENV (.*)$/m.exec(dockerfile)?.[1] ?? '').matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
);
const configMap: Record<string, string> = ofKind('ConfigMap')[0].data;

const matches = (selector: Record<string, string>, labels: Record<string, string>) =>
  Object.entries(selector).every(([name, value]) => labels[name] === value);

describe('the image', () => {
  it('is built in one stage and runs in another, not as root, with its entry where it is', () => {
    const stages = dockerfile.split(/^FROM /m).slice(1);
    expect(stages).toHaveLength(2);
    for (const stage of stages) {
      expect(stage).toMatch(/^node:\d+-/);
      expect(Number(/^node:(\d+)-/.exec(stage)?.[1])).toBeGreaterThanOrEqual(20);
    }
    const [, last = ''] = stages;
    expect(last.lastIndexOf('\nUSER node')).toBeGreaterThan(last.lastIndexOf('\nCOPY'));
    expect(last).not.toMatch(/^(RUN|ADD|COPY (?!--from=build))/m);
    const entry: string[] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(last)?.[1] ?? '[]');
    expect(entry).toEqual(['node', JSON.parse(readFileSync('package.json', 'utf8')).bin.gatehouse]);
    const check: string[] = JSON.parse(/HEALTHCHECK .*CMD (.*)$/m.exec(last)?.[1] ?? '[]');
    expect(check).toEqual(['node', 'health-check.mjs', LIVE_PATH.split('/').at(-1)]);
  });

  it('has the rules of production, by settings that there are', () => {
    expect(Object.keys(IMAGE).filter((name) => !isSetting(name))).toEqual([]);
    expect(loadConfig({ ...IMAGE, ...SECRETS, MAIL_FROM: 'a@example.org' }, { cores: 2 })).toMatchObject({
      isProduction: true,
      host: '0.0.0.0',
    });
  });

  it('is made of nothing that is not named: no secret, no history, no test', () => {
    const lines = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines[0]).toBe('*');
    for (const line of lines.slice(1)) {
      expect(line).toMatch(/^!/);
      expect([line, existsSync(line.slice(1))]).toEqual([line, true]);
      expect(line).not.toMatch(/\.env|\.git|test|\.gatehouse/);
    }
  });
});

describe('compose.yaml', () => {
  const { gateway: service } = compose.services;

  it('sets what there is to set, and no secret in clear', () => {
    expect(Object.keys(service.environment).filter((name) => !isSetting(name))).toEqual([]);
    const required = [...readFileSync('compose.yaml', 'utf8').matchAll(/\$\{(\w+)([^}]*)\}/g)];
    expect(required.length).toBeGreaterThanOrEqual(4);
    for (const [, name = '', otherwise] of required) {
      expect(Object.keys(SECRETS)).toContain(name);
      expect(otherwise).toMatch(/^:\?/);
    }
    const filled = Object.entries<string>(service.environment).map(([name, value]) => [
      name,
      value.replace(/\$\{(\w+)[^}]*\}/g, (_, secret: keyof typeof SECRETS) => SECRETS[secret]),
    ]);
    expect(loadConfig({ ...IMAGE, ...Object.fromEntries(filled) }, { cores: 2 }).isProduction).toBe(true);
  });

  it('gives the gateway nothing to write to, no rights, and loopback alone', () => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(service.healthcheck.test).toEqual(['CMD', 'node', 'health-check.mjs', READY_PATH.split('/').at(-1)]);
    for (const { ports = [], image = 'gatehouse:own' } of Object.values<Json>(compose.services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
      expect(image).toMatch(/:(?!latest$)[\w.-]+$/);
    }
    expect(JSON.stringify(compose)).not.toMatch(/9464:|privileged"?:true|docker\.sock/);
  });
});

describe('the Kubernetes manifests', () => {
  it('hold no secret: settings come from a map, secrets from one that is made by hand', () => {
    expect(ofKind('Secret')).toEqual([]);
    expect(Object.keys(configMap).filter((name) => !isSetting(name))).toEqual([]);
    expect(Object.keys(configMap).filter((name) => /SECRET|KEYS|DATABASE|SMTP/.test(name))).toEqual([]);
    expect(loadConfig({ ...IMAGE, ...configMap, ...SECRETS }, { cores: 2 })).toMatchObject({
      isProduction: true,
      metrics: { host: '0.0.0.0', port: 9464 },
    });
    for (const { spec } of pods) {
      for (const { env, envFrom } of spec.containers) {
        expect(env).toBeUndefined();
        expect(envFrom).toEqual([{ configMapRef: { name: 'gatehouse' } }, { secretRef: { name: 'gatehouse' } }]);
      }
    }
  });

  it('run as nobody special, on a file system that is read-only', () => {
    expect(pods.map(({ name }) => name)).toEqual(['gatehouse', 'gatehouse-migration']);
    for (const { spec } of pods) {
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const container of spec.containers) {
        expect(container).toMatchObject({
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          resources: { limits: { memory: expect.any(String) } },
        });
        expect(container.image).toMatch(/:(?!latest$)[\w.-]+$/);
      }
    }
  });

  it('probe paths that exist, on the port that listens', () => {
    const [container] = gateway.spec.template.spec.containers;
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) => container[name].httpGet);
    expect(probes).toEqual([LIVE_PATH, LIVE_PATH, READY_PATH].map((path) => ({ path, port: 'http' })));
    expect(container.ports).toEqual([
      { name: 'http', containerPort: Number(IMAGE['PORT']) },
      { name: 'metrics', containerPort: Number(configMap['METRICS_PORT']) },
    ]);
  });

  it('wait for an orderly end, keep most of it up, and select the gateway alone', () => {
    const notice = Number(configMap['SHUTDOWN_NOTICE_SECONDS']);
    expect(gateway.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(28 + notice);
    const [budget] = ofKind('PodDisruptionBudget');
    expect(budget.spec.minAvailable).toBeLessThan(gateway.spec.replicas);
    const selectors = [
      gateway.spec.selector.matchLabels,
      budget.spec.selector.matchLabels,
      ...ofKind('Service').map(({ spec }) => spec.selector),
    ];
    expect(selectors).toHaveLength(3);
    for (const selector of selectors) {
      expect(pods.filter(({ labels }) => matches(selector, labels)).map(({ name }) => name)).toEqual(['gatehouse']);
    }
  });

  it('L6: show the metrics to the scraper’s namespace alone', () => {
    for (const { spec } of ofKind('Service')) {
      expect(spec.ports.map(({ targetPort }: Json) => targetPort)).toEqual(['http']);
    }
    const [{ spec }] = ofKind('NetworkPolicy');
    const opened = spec.ingress.map(({ from, ports }: Json) => [
      ports.map(({ port }: Json) => port),
      from !== undefined,
    ]);
    expect(opened).toEqual([
      [[4000], false],
      [[9464], true],
    ]);
  });

  it('run the migration by a command that there is', () => {
    const job = pods.find(({ name }) => name === 'gatehouse-migration');
    expect(job?.spec.containers[0].args).toEqual(['migrate', 'run']);
    expect(job?.spec.restartPolicy).toBe('Never');
  });
});
