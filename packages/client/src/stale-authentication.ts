import type { RefusalLike } from './needs-renewal.js';

/**
 * Within how many seconds a password must have been shown for the fields that were refused, the least where several say
 * so; null: no field was refused for that.
 */
export function staleAuthentication(errors: readonly RefusalLike[] | null | undefined): number | null {
  const ages = (errors ?? []).flatMap(({ extensions }) =>
    extensions?.['code'] === 'FORBIDDEN' && extensions['reason'] === 'STALE_AUTHENTICATION'
      ? [Number(extensions['maxAgeSeconds'] ?? 0)]
      : [],
  );
  return ages.length === 0 ? null : Math.min(...ages);
}
