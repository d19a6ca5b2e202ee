import { parse } from 'bowser';

/** What somebody signed in with, as far as it says so itself. */
export interface Device {
  /** E.g. `Firefox on Windows`. */
  readonly name: string;
  readonly kind: 'desktop' | 'phone' | 'tablet' | 'other';
}

const kinds: Record<string, Device['kind']> = { desktop: 'desktop', mobile: 'phone', tablet: 'tablet' };

/** Names the device of a user agent; any text, or none, is a name in the end. */
export function deviceOf(userAgent: string | null): Device {
  if (!userAgent?.trim()) return { name: 'Unknown app', kind: 'other' };
  const { browser, os, platform } = parse(userAgent);
  // Apps call themselves `name/version …`.
  const app = browser.name || userAgent.trim().split(/[/\s]/)[0] || 'Unknown app';
  return {
    name: os.name ? `${app} on ${os.name}` : app,
    kind: kinds[platform.type ?? ''] ?? 'other',
  };
}
