/**
 * An expression that makes a statement which only reads commit something, too: its answer then proves that this
 * server can still commit, its synchronous standbys agreeing. A primary that is cut off from the others, while one of
 * them has taken its place, reads well, and knows nothing of what was ended since. It writes a message of a few bytes to
 * the write-ahead log, and no table.
 */
export const HEARTBEAT = "pg_logical_emit_message(true, 'gatehouse', '')";
