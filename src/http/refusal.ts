/** A request that is not answered: what is said of it is constant, so that nothing sent is ever echoed. */
export interface Refusal {
  status: number;
  /** `extensions.code`. */
  code: string;
  message: string;
  /** Whole seconds after which another try makes sense. */
  retryAfter?: number;
  /** The connection ends with the answer: where the next request on it would begin can't be told. */
  isLast?: true;
}

/** Every refusal of the transport. */
export const refusals = {
  malformed: { status: 400, code: 'BAD_REQUEST', message: 'The request is malformed.' },
  unframed: { status: 400, code: 'BAD_REQUEST', message: 'The request is malformed.', isLast: true },
  malformedHost: { status: 400, code: 'BAD_REQUEST', message: 'The Host header is missing, repeated or malformed.' },
  malformedJson: { status: 400, code: 'BAD_REQUEST', message: 'The body is not JSON that is accepted here.' },
  tooDeep: { status: 400, code: 'BAD_REQUEST', message: 'The body is nested too deeply.' },
  emptyBody: { status: 400, code: 'BAD_REQUEST', message: 'The body is empty: send a JSON object with a query.' },
  queryString: {
    status: 400,
    code: 'BAD_REQUEST',
    message: 'Nothing is taken from the query string: send the operation in the body and the token in a header.',
  },
  notFound: { status: 404, code: 'NOT_FOUND', message: 'There is nothing at this path.' },
  noExplorer: {
    status: 404,
    code: 'NOT_FOUND',
    message: 'The explorer is not installed here: npm install @graphql-yoga/render-graphiql brings it.',
  },
  methodNotAllowed: { status: 405, code: 'METHOD_NOT_ALLOWED', message: 'This method is not supported here.' },
  tooSlow: { status: 408, code: 'REQUEST_TIMEOUT', message: 'The request took too long to arrive.' },
  bodyTooLarge: { status: 413, code: 'PAYLOAD_TOO_LARGE', message: 'The body is too large.' },
  mediaType: {
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'Send Content-Type: application/json in UTF-8, without Content-Encoding.',
  },
  expectation: { status: 417, code: 'EXPECTATION_FAILED', message: 'This Expect header is not supported.' },
  foreignHost: {
    status: 421,
    code: 'MISDIRECTED_REQUEST',
    message: 'In development only localhost, 127.0.0.1, [::1] and the host of PUBLIC_URL are answered.',
  },
  headersTooLarge: { status: 431, code: 'HEADERS_TOO_LARGE', message: 'The headers are too large.' },
  internal: { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong on our side.' },
  overloaded: {
    status: 503,
    code: 'SERVICE_UNAVAILABLE',
    message: "The service can't answer just now. Try again.",
    retryAfter: 1,
  },
} as const satisfies Record<string, Refusal>;

/** Thrown where a request is refused while it is being read. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
  }
}

/** A refusal as the JSON of a GraphQL answer; a fault of ours names the request, so that the log can be searched. */
export function refusalJson({ refusal, requestId }: { refusal: Refusal; requestId: string }): string {
  const { code, message, status, retryAfter } = refusal;
  const more = retryAfter !== undefined ? { retryAfter } : status >= 500 ? { requestId } : {};
  const extensions = { code, ...more };
  return JSON.stringify({ errors: [{ message, extensions }] });
}
