import { useEffect, useState } from 'react';

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** A moment, as how long ago it was or as date and time; the other on hovering. */
export function Moment({ at, as }: { at: string; as: 'ago' | 'date' }) {
  const now = useNow();
  const date = absolute.format(new Date(at));
  const ago = agoOf(now - Date.parse(at));
  return (
    <time dateTime={at} title={as === 'ago' ? date : ago}>
      {as === 'ago' ? ago : date}
    </time>
  );
}

function agoOf(ms: number): string {
  for (const [unit, length] of UNITS) if (ms >= length) return relative.format(-Math.floor(ms / length), unit);
  return 'just now';
}

function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 20_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
