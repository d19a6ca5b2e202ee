import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { Place, Premises } from './site.js';
import { registerVisitor, type Visitor } from './visitor.js';

/** Honest people at work while things break. */
export interface Crew {
  visitors: readonly Visitor[];
  /** Resolves once everybody had `count` more rotations acknowledged than now. */
  goesOn(count?: number): Promise<void>;
  /** How often all of them were told "not now", or not answered. */
  outages(): number;
  /** One of them logs out, and is watched from then on. */
  oneLogsOut(): Promise<Visitor>;
  /**
   * Ends the work and holds everything against what was acknowledged: nothing lost, one lineage a session, each
   * token good or with a good successor, no ended session alive, both processes healthy.
   */
  audit(): Promise<void>;
}

const PLACES: readonly Place[] = [0, 1];

/** Runs with so many people at work, who have to go on afterwards, and audits. */
export async function underLoad(
  { site, people = 8 }: { site: Premises; people?: number },
  work: (crew: Crew) => Promise<void>,
): Promise<void> {
  const crew = await startCrew(site, people);
  try {
    await crew.goesOn();
    await work(crew);
    await crew.goesOn();
    await crew.audit();
  } finally {
    await Promise.all(crew.visitors.map((visitor) => visitor.stop()));
  }
}

async function startCrew(site: Premises, count: number): Promise<Crew> {
  const visitors: Visitor[] = [];
  for (let index = 0; index < count; index += 1) visitors.push(await registerVisitor(site, index % 2 === 0 ? 0 : 1));
  for (const visitor of visitors) visitor.work();
  const gone = new Set<Visitor>();
  const working = () => visitors.filter((visitor) => !gone.has(visitor));
  const faults = () => visitors.flatMap((one) => one.faults);
  return {
    visitors,
    goesOn: async (more = 3) => {
      const goals = new Map(working().map((visitor) => [visitor, visitor.generation() + more]));
      const isThere = () => [...goals].every(([one, goal]) => gone.has(one) || one.generation() >= goal);
      try {
        await until('everybody goes on', () => faults().length > 0 || isThere());
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${lastWords(site)}`);
      }
      expect(faults()).toEqual([]);
    },
    outages: () => visitors.reduce((total, visitor) => total + visitor.outages(), 0),
    oneLogsOut: async () => {
      const [visitor] = working();
      if (visitor === undefined) throw new Error('nobody is left');
      gone.add(visitor);
      await visitor.logOut();
      return visitor;
    },
    audit: async () => {
      for (const place of PLACES) {
        await until(`gateway ${place} is ready`, () => isReady(site, place));
        expect(site.gateway(place).child.exitCode).toBeNull();
      }
      // Longer than any process may take to learn of an end: those who left still knock.
      if (gone.size > 0) await pause(2_500);
      await Promise.all(visitors.map((visitor) => visitor.stop()));
      expect(faults()).toEqual([]);
      await Promise.all(working().map((visitor) => auditVisitor(site, visitor)));
      for (const visitor of gone) {
        for (const place of PLACES) {
          expect((await site.gateway(place).refresh(visitor.refreshToken())).tokens).toBeNull();
          expect((await site.gateway(place).me(visitor.accessToken())).data?.me ?? null).toBeNull();
        }
      }
    },
  };
}

/** What processes said that have ended, to be found in the report of a test that waited in vain. */
function lastWords(site: Premises): string {
  const ended = PLACES.map((place) => site.gateway(place)).filter(({ child }) => child.exitCode !== null);
  return ended.map(({ child, output }) => `ended with ${child.exitCode}: ${output.slice(-20).join('\n')}`).join('\n');
}

/** Longer than a failover takes, and than the minute after which clocks are compared again. */
const PATIENCE_MS = 90_000;

async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const endAt = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > endAt) throw new Error(`waited in vain until ${what}`);
    await pause(100);
  }
}

/** Whether the process at a place says that it is ready. */
export async function isReady(site: Premises, place: Place): Promise<boolean> {
  const response = await fetch(`${site.gateway(place).url}/health/ready`).catch(() => null);
  return response?.status === 200;
}

async function auditVisitor(site: Premises, visitor: Visitor): Promise<void> {
  const [row] = await site.server.query<{ generation: number; revoked_at: Date | null }>(
    'SELECT generation, revoked_at FROM gatehouse.refresh_sessions WHERE id = $1',
    [visitor.person.session.id],
  );
  expect(row).toMatchObject({ revoked_at: null });
  expect(row?.generation).toBeGreaterThanOrEqual(visitor.generation());
  // One more rotation at each process, each seen by the other.
  let refreshToken = visitor.refreshToken();
  for (const place of PLACES) {
    const { tokens, text } = await site.gateway(place).refresh(refreshToken);
    if (tokens === null) throw new Error(`the last acknowledged token is dead: ${text}`);
    const other = site.gateway(place === 0 ? 1 : 0);
    expect((await other.me(tokens.accessToken)).data?.me?.id).toBe(visitor.person.user.id);
    refreshToken = tokens.refreshToken;
  }
}
