import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { findOperatingUser } from '../src/platform/embedded-postgres/operating-user.js';
import { freePort } from '../test/support/free-port.js';
import { type ClusterPorts, haproxySettings, patroniSettings } from './cluster-settings.js';
import { endProgram, serverProcesses, signalAll, startProgram } from './processes.js';

/** Three nodes of PostgreSQL under Patroni, and HAProxy before whichever is the primary. */
export interface Cluster {
  /** By way of HAProxy. */
  url: string;
  /** Past it, to one node, whatever that is at the moment. */
  urlOf(node: number): string;
  /** Asks the primary as its superuser. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** The node that says of itself that it is the primary; null: none does, or two do. */
  primary(): Promise<number | null>;
  /** Ends everything of a node at once. */
  kill(node: number): Promise<void>;
  /** Starts what was killed. */
  revive(node: number): Promise<void>;
  /** Stops a node in its tracks, or what keeps it alone; answers how to let it go on. */
  stall(node: number, part: 'node' | 'keeper'): Promise<() => void>;
  /** Resolves once there is one primary, with a standby that is in step. */
  whole(): Promise<void>;
  close(): Promise<void>;
}

const NODES = [0, 1, 2];
const WHOLE_WITHIN_MS = 120_000;

/** Builds it from unpacked packages. */
export async function startCluster(): Promise<Cluster> {
  const root = process.env['GATEHOUSE_CLUSTER_ROOT'] ?? '';
  const binaries = process.env['GATEHOUSE_CLUSTER_POSTGRES'] ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-cluster-'));
  await chmod(folder, 0o711);
  const account = await findOperatingUser([]);
  const own = async (path: string) => (account === null ? undefined : chown(path, account.uid, account.gid));
  const ports = await pickPorts();
  const newPassword = () => randomBytes(18).toString('hex');
  const passwords = { superuser: newPassword(), replication: newPassword(), gateway: newPassword() };
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
    LD_LIBRARY_PATH: join(root, 'usr/lib/x86_64-linux-gnu'),
  };
  const folderOf = (node: number) => join(folder, `node${node}`);
  for (const part of ['etcd', ...NODES.map((node) => `node${node}`)]) {
    await mkdir(join(folder, part), { mode: 0o700 });
    await own(join(folder, part));
  }
  const start = (name: string, program: string, args: string[]) =>
    startProgram({ program, args, logFile: join(folder, `${name}.log`), environment, account, cwd: folder });
  const settingsFile = async (name: string, text: string) => {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600 });
    await own(path);
    return path;
  };

  const etcd = await start('etcd', join(root, 'usr/bin/etcd'), etcdArgs(join(folder, 'etcd'), ports));
  const keepers: ChildProcess[] = [];
  const keep = async (node: number) => {
    const text = patroniSettings({ index: node, folder: folderOf(node), binaries, ports, passwords });
    const path = await settingsFile(`node${node}.yml`, text);
    keepers[node] = await start(`node${node}`, '/usr/bin/python3', [join(root, 'usr/bin/patroni'), path]);
  };
  for (const node of NODES) await keep(node);
  const haproxyFile = await settingsFile('haproxy.cfg', haproxySettings(ports));
  const haproxy = await start('haproxy', join(root, 'usr/sbin/haproxy'), ['-db', '-f', haproxyFile]);

  const address = (port: number | undefined, user: string, password: string, database: string) =>
    `postgresql://${user}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`;
  const superuserUrl = (database: string) => address(ports.haproxy, 'postgres', passwords.superuser, database);
  const dataDir = (node: number) => join(folderOf(node), 'data');
  const query = <Row extends object>(text: string, values: unknown[] = []) =>
    askOnce<Row>(superuserUrl('gatehouse'), text, values);
  const isWhole = async () => {
    const members = await Promise.any(NODES.map((node) => membersBy(ports.patroni[node] ?? 0))).catch(() => []);
    const has = (role: string, state: string) => members.some((one) => one.role === role && one.state === state);
    // Only what etcd knows to be in step may take over: that comes a moment after the server knows.
    return has('leader', 'running') && has('sync_standby', 'streaming');
  };
  const whole = () => until('the cluster is whole', isWhole);
  const kill = async (node: number) => {
    await endProgram(keepers[node] ?? null, 'SIGKILL');
    signalAll(await serverProcesses(dataDir(node)), 'SIGKILL');
  };
  const cluster: Cluster = {
    url: address(ports.haproxy, 'gatehouse', passwords.gateway, 'gatehouse'),
    urlOf: (node) => address(ports.postgres[node], 'gatehouse', passwords.gateway, 'gatehouse'),
    query,
    primary: async () => {
      const answers = await Promise.all(NODES.map((node) => isPrimary(ports.patroni[node] ?? 0)));
      const found = NODES.filter((node) => answers[node]);
      return found.length === 1 ? (found[0] ?? null) : null;
    },
    kill,
    revive: keep,
    stall: async (node, part) => {
      const keeper = keepers[node]?.pid ?? 0;
      const pids = part === 'keeper' ? [keeper] : [keeper, ...(await serverProcesses(dataDir(node)))];
      signalAll(pids, 'SIGSTOP');
      return () => signalAll(pids, 'SIGCONT');
    },
    whole,
    close: async () => {
      for (const node of NODES) await kill(node);
      await Promise.all([endProgram(haproxy, 'SIGKILL'), endProgram(etcd, 'SIGKILL')]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await whole();
    await askOnce(superuserUrl('postgres'), `CREATE ROLE gatehouse LOGIN PASSWORD '${passwords.gateway}'`);
    await askOnce(superuserUrl('postgres'), 'CREATE DATABASE gatehouse OWNER gatehouse');
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

async function pickPorts(): Promise<ClusterPorts> {
  const ports = new Set<number>();
  while (ports.size < 9) ports.add(await freePort());
  const [etcd = 0, etcdPeer = 0, haproxy = 0, ...rest] = ports;
  return { etcd, etcdPeer, haproxy, postgres: rest.slice(0, 3), patroni: rest.slice(3) };
}

function etcdArgs(dataDir: string, { etcd, etcdPeer }: ClusterPorts): string[] {
  const client = `http://127.0.0.1:${etcd}`;
  const peer = `http://127.0.0.1:${etcdPeer}`;
  return [
    ...['--data-dir', dataDir, '--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
  ];
}

interface Member {
  role: string;
  state: string;
}

/** The members of the cluster, as a node's keeper sees them. */
async function membersBy(port: number): Promise<Member[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/cluster`, { signal: AbortSignal.timeout(2_000) });
  const { members } = (await answer.json()) as { members: Member[] };
  return members;
}

async function isPrimary(port: number): Promise<boolean> {
  const signal = AbortSignal.timeout(2_000);
  const answer = await fetch(`http://127.0.0.1:${port}/primary`, { signal }).catch(() => null);
  return answer?.status === 200;
}

async function askOnce<Row extends object>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000, query_timeout: 30_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(text, values)).rows;
  } finally {
    void client.end().catch(() => undefined);
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endAt = performance.now() + WHOLE_WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > endAt) throw new Error(`waited in vain until ${what}`);
    await pause(500);
  }
}
