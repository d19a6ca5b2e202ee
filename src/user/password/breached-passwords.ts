import { createHash } from 'node:crypto';

/** Whether a password is known from a breach. `cause` is a word for logs. */
export type BreachLook = { kind: 'listed' } | { kind: 'not_listed' } | { kind: 'unknown'; cause: string };

/** A service that lists passwords known from breaches. */
export interface BreachedPasswords {
  /** Never rejects. Takes passwords as `checkPassword` gives them. */
  look(normalized: string): Promise<BreachLook>;
}

const PREFIX_CHARACTERS = 5;
const TIMEOUT_MS = 1_000;
const LINE = /^([0-9A-F]{35}):(\d{1,12})$/i;

/**
 * Asks by the range method of Pwned Passwords: of the password's SHA-1 only the first 5 of 40 hexadecimal digits leave
 * this process, and the answer is padded, so that its length tells nobody which range it was.
 *
 * @param url to which `/` and the five digits are added.
 */
export function createBreachedPasswords({ url }: { url: string }): BreachedPasswords {
  const base = url.replace(/\/+$/, '');
  return {
    look: async (normalized) => {
      const sum = createHash('sha1').update(normalized, 'utf8').digest('hex').toUpperCase();
      try {
        const response = await fetch(`${base}/${sum.slice(0, PREFIX_CHARACTERS)}`, {
          headers: { 'add-padding': 'true', 'user-agent': 'gatehouse' },
          redirect: 'error',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        if (!response.ok) return { kind: 'unknown', cause: `STATUS_${response.status}` };
        const isListed = holds(await response.text(), sum.slice(PREFIX_CHARACTERS));
        return { kind: isListed ? 'listed' : 'not_listed' };
      } catch (error) {
        return { kind: 'unknown', cause: Object(error).name === 'TimeoutError' ? 'TIMEOUT' : 'UNREACHABLE' };
      }
    },
  };
}

/** Lines of padding count 0 (they stand for nothing). */
function holds(range: string, suffix: string): boolean {
  return range.split('\n').some((line) => {
    const [, listed, count] = LINE.exec(line.trim()) ?? [];
    return listed?.toUpperCase() === suffix && Number(count) > 0;
  });
}
