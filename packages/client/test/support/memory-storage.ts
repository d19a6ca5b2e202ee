import type { TokenStorage } from '@gatehouse/client';

/** A storage for tests. */
export interface MemoryStorage extends TokenStorage {
  /** Done before a token counts as stored. */
  onSet: () => Promise<void>;
  /** Answers this the next time, and what is stored afterwards. */
  getOnce(refreshToken: string): void;
}

/** Makes an empty one. */
export function createMemoryStorage(): MemoryStorage {
  let stored: string | null = null;
  let once: string | null = null;
  const storage: MemoryStorage = {
    onSet: async () => {},
    getOnce: (refreshToken) => {
      once = refreshToken;
    },
    get: () => {
      const answer = once ?? stored;
      once = null;
      return answer;
    },
    set: async (refreshToken) => {
      await storage.onSet();
      stored = refreshToken;
    },
    remove: () => {
      stored = null;
    },
  };
  return storage;
}
