/** What is counted. Every word that is passed is one of ours or of the schema, never of a client: it becomes a label. */
export interface Metrics {
  /** An operation was answered: its type, its root field, and the code of its first error or OK. */
  operation(answered: { type: string; field: string; code: string; seconds: number }): void;
  /** An HTTP answer is through. */
  response(status: number): void;
  /** `succeeded`, or why not. */
  login(result: string): void;
  /** What became of a refresh: see {@link REFRESH_VERDICTS}, or the cause of a refusal. */
  refresh(verdict: string): void;
  sessionsEnded(cause: string, count: number): void;
  /** A password was hashed: how long it waited for a thread. */
  hashed(waitedSeconds: number): void;
  /** A mail left the outbox, or did not. */
  mail(kind: string, result: 'sent' | 'retried' | 'given_up'): void;
}

/** What is asked for at each look; null: it can't be told now, or does not apply. */
export interface Gauges {
  isReady(): boolean;
  hashing(): { waiting: number; waitingMax: number };
  database(): { total: number; idle: number; waiting: number; max: number } | null;
  /** Since the revocation feed was last read. */
  feedLagSeconds(): number | null;
  /** By how much this clock is ahead of the database's. */
  clockDifferenceSeconds(): number | null;
  /** Of the key that signs. */
  signingKeyAgeSeconds(): number | null;
  areKeysReadable(): boolean;
  logLinesDropped(): number;
}

/** Verdicts that let a client go on, and those that end its session; they are counted from nought. */
export const REFRESH_VERDICTS = [
  'rotated',
  'grace',
  'lost_answer',
  'database_went_back',
  'reuse',
  'lost_answer_too_late',
] as const;

/** One of {@link REFRESH_VERDICTS}. */
export type RefreshVerdict = (typeof REFRESH_VERDICTS)[number];

/** Counts nothing. */
export const noMetrics: Metrics = {
  operation: () => undefined,
  response: () => undefined,
  login: () => undefined,
  refresh: () => undefined,
  sessionsEnded: () => undefined,
  hashed: () => undefined,
  mail: () => undefined,
};
