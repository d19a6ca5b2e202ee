/** Bounds of the transport; every number is a default that {@link httpLimits} lets a caller replace. */
export interface HttpLimits {
  /** Longest request body, in bytes. */
  bodyBytesMax: number;
  /** Deepest nesting of objects and lists in a body: whatever walks it later may recurse. */
  bodyDepthMax: number;
  /** All headers of a request together, in bytes. */
  headerBytesMax: number;
  /** The Cookie header, in bytes. */
  cookieBytesMax: number;
  /** How long the headers may take to arrive. */
  headersTimeoutMs: number;
  /** How long a whole request, body included, may take to arrive. */
  requestTimeoutMs: number;
  /** How long an idle connection is kept; longer than the 60 s of usual load balancers, so that they close first. */
  keepAliveTimeoutMs: number;
  /** A connection on which nothing moves in either direction is cut after so long (slow readers). */
  silenceTimeoutMs: number;
  /** How often the timeouts are looked at: they may be late by as much. */
  timeoutCheckIntervalMs: number;
  /** Connections at a time; one more is dropped. */
  connectionsMax: number;
  /** Operations in progress; one more is refused, and one of a stranger's beyond half of them. */
  requestsMax: number;
  /** How long readiness is already false, at a close, while connections are still accepted. */
  closeNoticeMs: number;
  /** At a close, a request that has not wholly arrived, or an answer that nobody reads, is cut after so long. */
  closeHalfSentMs: number;
  /** At a close, everything is cut after so long. */
  closeLimitMs: number;
}

const defaults: HttpLimits = {
  bodyBytesMax: 100 * 1024,
  bodyDepthMax: 64,
  headerBytesMax: 16 * 1024,
  cookieBytesMax: 4 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  keepAliveTimeoutMs: 65_000,
  silenceTimeoutMs: 60_000,
  timeoutCheckIntervalMs: 1_000,
  connectionsMax: 5_000,
  requestsMax: 200,
  closeNoticeMs: 0,
  closeHalfSentMs: 10_000,
  closeLimitMs: 25_000,
};

/** The default limits, but for those that are given. */
export function httpLimits(given: Partial<HttpLimits> = {}): HttpLimits {
  return { ...defaults, ...given };
}
