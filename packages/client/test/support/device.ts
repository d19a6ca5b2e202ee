import { type AuthClient, createAuthClient, type Platform } from '@gatehouse/client';
import { createChannels } from './channels.js';
import { createLocks } from './locks.js';

/** One browser profile: its tabs share cookies, locks, channels and clocks that a test moves. */
export interface Device {
  /** Opens a tab; `changes` replace parts of its platform. */
  openTab(changes?: Partial<Platform>, options?: { timeoutMs?: number }): AuthClient;
  /** What the tabs sent to the gateway, oldest first, by operation name. */
  sent: string[];
  /** Called with the body of each request. */
  onSend: (body: string) => void;
  /** What the tabs told each other, as text. */
  told: string[];
  /** How long each back-off took, in milliseconds; none passes really. */
  waits: number[];
  /** The Cookie header as it would be sent now. */
  cookie(): string;
  /** Moves both clocks of the device; `isAsleep`: the steady one stands meanwhile. */
  pass(seconds: number, options?: { isAsleep?: boolean }): void;
  /** From now on what `how` answers is what the tabs get; null: what the gateway answers. */
  intercept(how: Interceptor | null): void;
  platform: Platform;
}

/** Sees an operation, and how to have the gateway answer it. */
export type Interceptor = (
  operationName: string,
  forward: () => Promise<Response>,
  signal: AbortSignal,
) => Promise<Response>;

const LONGEST_WORD_MS = 100;

/** Makes a device whose pages are of `origin` and ask the gateway at `url`. */
export function createDevice({ url, origin }: { url: string; origin: string }): Device {
  const clock = { steadyMs: 1_000_000, wallMs: Date.now() };
  const sent: string[] = [];
  const waits: number[] = [];
  const jar = new Map<string, string>();
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const { openChannel, told } = createChannels();
  let interceptor: Interceptor | null = null;

  const forward = async (target: string, init: RequestInit): Promise<Response> => {
    const hasCookies = init.credentials === 'include';
    const headers = { ...(init.headers as Record<string, string>), origin };
    const response = await fetch(target, {
      ...init,
      headers: hasCookies && jar.size > 0 ? { ...headers, cookie: cookie() } : headers,
    });
    if (hasCookies) for (const line of response.headers.getSetCookie()) keepCookie(jar, line);
    return response;
  };
  const platform: Platform = {
    fetch: async (target, init) => {
      const { query } = JSON.parse(String(init.body)) as { query: string };
      const operationName = /(?:mutation|query) (\w+)/.exec(query)?.[1] ?? '';
      sent.push(operationName);
      device.onSend(String(init.body));
      const answer = () => forward(target, init);
      return interceptor === null ? answer() : interceptor(operationName, answer, init.signal as AbortSignal);
    },
    locks: createLocks(),
    openChannel,
    monotonicMs: () => clock.steadyMs,
    wallMs: () => clock.wallMs,
    random: () => 0.5,
    delay: (ms) => {
      if (ms > LONGEST_WORD_MS) waits.push(ms);
      return new Promise((resolve) => setTimeout(resolve, ms > LONGEST_WORD_MS ? 0 : ms));
    },
  };
  const device: Device = {
    sent,
    onSend: () => {},
    told,
    waits,
    cookie,
    platform,
    openTab: (changes = {}, options = {}) =>
      createAuthClient({
        url: `${url}/graphql`,
        delivery: 'COOKIE',
        platform: { ...platform, ...changes },
        ...options,
      }),
    pass: (seconds, { isAsleep = false } = {}) => {
      clock.wallMs += seconds * 1000;
      if (!isAsleep) clock.steadyMs += seconds * 1000;
    },
    intercept: (how) => {
      interceptor = how;
    },
  };
  return device;
}

function keepCookie(jar: Map<string, string>, line: string): void {
  const [pair = ''] = line.split(';');
  const [name = '', value = ''] = pair.split('=');
  if (/;\s*max-age=0\b/i.test(line)) jar.delete(name);
  else jar.set(name, value);
}
