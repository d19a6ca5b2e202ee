/**
 * What is learnt of a request on its way, for its one log line. Only words of ours stand in it: names of the schema,
 * codes, causes, and ids that were checked.
 */
export interface RequestNotes {
  /** W3C Trace Context: of the header `traceparent`, or of the span that was begun here. */
  traceId?: string;
  /** What the bearer token was worth when the request came. */
  auth?: string;
  /** The operation's type and root field, such as `mutation login`. */
  operation?: string;
  /** The code of the first error. */
  code?: string;
  /** Why it was refused: the true cause, which the client may not be told. */
  cause?: string;
}
