/** A bucket as stores know it: by a hash, with what may be taken from it. */
export interface CountedBucket {
  hash: Buffer;
  points: number;
  seconds: number;
}

export type StoreTaking =
  | {
      kind: 'taken';
      /** Puts the points back into the windows that they were taken from, where these still run. */
      giveBack(now: Date): Promise<void>;
    }
  /** `full`: the places of the buckets that are, in the list. */
  | { kind: 'full'; full: number[]; until: Date };

/** Where points are counted. */
export interface LimitStore {
  /** Takes a point from each bucket, or from none where one of them is full; of many at once, no more than its points get one. */
  take(needs: { buckets: readonly CountedBucket[]; now: Date }): Promise<StoreTaking>;
}
