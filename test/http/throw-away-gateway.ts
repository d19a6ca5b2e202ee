import { ApolloServer } from '@apollo/server';
import { createContextFactory, type GatewayContext, type RequestFacts } from '../../src/graphql/context.js';
import { landingPagePlugins } from '../../src/http/landing-page.js';
import { createHttpServer, type HttpServer, type HttpServerParts } from '../../src/http/server.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/logger.js';
import { noMetrics } from '../../src/platform/metrics/metrics.js';
import { systemRandom } from '../../src/platform/random.js';

const typeDefs = `
  type Query { hello: String! held: String! facts: String! }
  type Mutation { touch: Int! }
`;

/** The transport around a schema that is made for its tests, listening on a free port. */
export interface ThrowAwayGateway {
  server: HttpServer;
  url: string;
  port: number;
  /** How often the mutation has run. */
  touched(): number;
  /** Lets all calls of `held` answer. */
  release(): void;
  /** Resolves when a call of `held` has arrived. */
  isHeld: Promise<void>;
  /** Resolves when so many have. */
  isHeldTimes(count: number): Promise<void>;
  logLines(): Record<string, unknown>[];
  logText(): string;
  stop(): Promise<void>;
}

export interface ThrowAwayOptions {
  config?: Partial<HttpServerParts['config']>;
  limits?: HttpServerParts['limits'];
  readiness?: HttpServerParts['readiness'];
}

const baseConfig: HttpServerParts['config'] = {
  host: '127.0.0.1',
  port: 0,
  isProduction: false,
  publicUrl: 'http://gateway.test:4000',
  allowedOrigins: 'local',
  ownOrigin: null,
  cookieSameSite: 'strict',
  trustedProxies: [],
  accountPagesUrl: null,
};

/** Starts one; a test stops it in `afterAll`. */
export async function startThrowAway({ config, limits, readiness }: ThrowAwayOptions = {}): Promise<ThrowAwayGateway> {
  const settings = { ...baseConfig, ...config };
  const gate = gateOf();
  const lines: string[] = [];
  let touches = 0;
  const apollo = new ApolloServer<GatewayContext>({
    typeDefs,
    resolvers: {
      Query: {
        hello: () => 'world',
        held: () => gate.enter(),
        facts: (_root: unknown, _args: unknown, { requestId, ipAddress, userAgent }: GatewayContext) =>
          JSON.stringify({ requestId, ipAddress, userAgent }),
      },
      Mutation: { touch: () => ++touches },
    },
    plugins: landingPagePlugins(settings),
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
  });
  await apollo.start();
  const server = await createHttpServer({
    config: settings,
    ...(limits ? { limits } : {}),
    log: createLogger('info', { write: (line) => void lines.push(line) }),
    random: systemRandom(systemClock),
    clock: systemClock,
    metrics: noMetrics,
    apollo,
    hotLane: null,
    context: anonymous,
    isTokenTaken: () => false,
    jwks: () => ({ keys: [{ kid: 'k1', kty: 'EC' }] }),
    inbox: null,
    readiness: readiness ?? (() => ({ isReady: true, causes: [] })),
  });
  const { url, port } = await server.listen();
  return {
    server,
    url,
    port,
    touched: () => touches,
    release: gate.open,
    isHeld: gate.entered(1),
    isHeldTimes: gate.entered,
    logLines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    logText: () => lines.join(''),
    async stop() {
      gate.open();
      await server.close();
      await apollo.stop();
    },
  };
}

const anonymous: (facts: RequestFacts) => GatewayContext = createContextFactory({
  authenticate: () => ({ state: 'anonymous' }),
  lookUpSession: () => Promise.reject(new Error('nobody is signed in')),
  knownUser: () => null,
  findUsers: async () => [],
});

function gateOf() {
  const waiting: { count: number; resolve: () => void }[] = [];
  let open = () => {};
  let calls = 0;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const entered = (count: number) => new Promise<void>((resolve) => void waiting.push({ count, resolve }));
  const enter = () => {
    calls++;
    for (const { count, resolve } of waiting) if (calls >= count) resolve();
    return opened.then(() => 'released');
  };
  return { entered, enter, open: () => open() };
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: { data?: unknown; errors?: { message: string; extensions: Record<string, unknown> }[] };
}

/** A POST of JSON to /graphql, unless told otherwise. */
export async function post(gateway: ThrowAwayGateway, init: RequestInit & { path?: string } = {}): Promise<Answer> {
  return ask(gateway, {
    method: 'POST',
    body: JSON.stringify({ query: '{ hello }' }),
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers },
  });
}

/** Any request; the answer's JSON is an empty object where it is none. */
export async function ask(
  gateway: ThrowAwayGateway,
  { path = '/graphql', ...init }: RequestInit & { path?: string },
): Promise<Answer> {
  const response = await fetch(`${gateway.url}${path}`, init);
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : {},
  };
}

/** The first error's code. */
export function codeOf(answer: Pick<Answer, 'json'>): unknown {
  return answer.json.errors?.[0]?.extensions.code;
}
