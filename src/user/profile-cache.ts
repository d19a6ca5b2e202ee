import { LRUCache } from 'lru-cache';
import type { Clock } from '../platform/clock.js';
import type { UserProfile } from './user.repository.js';

/**
 * Profiles that this process may show without asking the database. None is shown once a change of it was seen on the feed,
 * nor while the process is behind the feed: so none is older than the feed's bound, 2 s.
 */
export interface ProfileCache {
  /** null: it is not known here, or nothing can be vouched for. */
  known(userId: string): UserProfile | null;
  /** Those of them who are there and not disabled; asks the database for those who are not known, in one statement. */
  find(userIds: readonly string[]): Promise<UserProfile[]>;
  /** The user has changed, or is gone. */
  forget(userId: string): void;
}

/** About 10 MB. */
const PROFILES_MAX = 20_000;
/** What somebody changes by hand, past the gateway and its feed, shows within this time. */
const KEEP_MS = 60_000;

interface Kept {
  profile: UserProfile;
  askedAtMs: number;
}

/** An empty cache. */
export function createProfileCache(needs: {
  findProfiles: (userIds: readonly string[]) => Promise<UserProfile[]>;
  isFeedBehind: () => boolean;
  clock: Clock;
}): ProfileCache {
  const { findProfiles, isFeedBehind, clock } = needs;
  const kept = new LRUCache<string, Kept>({ max: PROFILES_MAX });
  /** Of each look-up under way, who has changed since it was sent. */
  const underWay = new Set<Set<string>>();

  const known = (userId: string): UserProfile | null => {
    const found = kept.get(userId);
    if (found === undefined || isFeedBehind()) return null;
    if (clock.monotonicMs() - found.askedAtMs < KEEP_MS) return copyOf(found.profile);
    kept.delete(userId);
    return null;
  };
  const ask = async (userIds: readonly string[]): Promise<UserProfile[]> => {
    const changedSince = new Set<string>();
    const askedAtMs = clock.monotonicMs();
    underWay.add(changedSince);
    try {
      const profiles = await findProfiles(userIds);
      // A look-up that was sent before the change was seen may have read what was there before it: its answer serves
      // this request, which raced the change, and no other. One that is sent later reads the change: on one server, what
      // one statement has seen committed, every later one sees. So what was dropped once need not be dropped again,
      // though the feed shows each row for a minute.
      for (const profile of profiles) {
        if (!changedSince.has(profile.id)) kept.set(profile.id, { profile: copyOf(profile), askedAtMs });
      }
      return profiles;
    } finally {
      underWay.delete(changedSince);
    }
  };

  return {
    known,
    find: async (userIds) => {
      const found = new Map(userIds.map((userId) => [userId, known(userId)]));
      const unknown = userIds.filter((userId) => found.get(userId) === null);
      const asked = unknown.length === 0 ? [] : await ask(unknown);
      return [...[...found.values()].filter((profile) => profile !== null), ...asked];
    },
    forget: (userId) => {
      kept.delete(userId);
      for (const changedSince of underWay) changedSince.add(userId);
    },
  };
}

/** What a resolver does to its copy stays its own. */
function copyOf(profile: UserProfile): UserProfile {
  return { ...profile, roles: [...profile.roles], createdAt: new Date(profile.createdAt.getTime()) };
}
