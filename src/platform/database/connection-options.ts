import type { ClientConfig, PoolConfig } from 'pg';

/** How a connection is bounded. */
export interface ConnectionLimits {
  /** Connections in the pool. */
  poolMax: number;
  /** Behind a pooler, start-up options are refused: there, the operator bounds statements on the gateway's role. */
  isPooled: boolean;
  /** false: migrations, which take as long as they take. */
  hasTimeouts: boolean;
}

const CONNECT_TIMEOUT_MS = 2_000;
const STATEMENT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 3_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 5_000;
/** Above the server's own limit, so that it answers first where it can. */
const DRIVER_QUERY_TIMEOUT_MS = 6_000;

/** What the driver gets beside the address: waits that end, on the driver's side everywhere and on the server's where it may be asked. */
export function connectionOptions({ poolMax, isPooled, hasTimeouts }: ConnectionLimits): PoolConfig {
  return {
    max: poolMax,
    application_name: 'gatehouse',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    ...(hasTimeouts ? { query_timeout: DRIVER_QUERY_TIMEOUT_MS } : {}),
    ...(hasTimeouts && !isPooled ? { options: serverTimeouts } : {}),
  };
}

const serverTimeouts = [
  `-c statement_timeout=${STATEMENT_TIMEOUT_MS}`,
  `-c lock_timeout=${LOCK_TIMEOUT_MS}`,
  `-c idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_TIMEOUT_MS}`,
].join(' ');

/** A connection of its own, outside the pool. */
export function singleConnection({ url, queryTimeoutMs }: { url: string; queryTimeoutMs: number }): ClientConfig {
  return {
    connectionString: url,
    application_name: 'gatehouse',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    query_timeout: queryTimeoutMs,
  };
}
