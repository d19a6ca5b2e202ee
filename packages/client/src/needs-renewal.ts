/** As much of a GraphQL error as tells why somebody was refused. */
export interface RefusalLike {
  readonly extensions?: { readonly [name: string]: unknown } | undefined;
}

const RENEWABLE = new Set<unknown>(['NO_TOKEN', 'TOKEN_EXPIRED', 'TOKEN_INVALID', 'SESSION_ENDED', undefined]);

/** Whether one of the errors of an answer says that another access token might be taken. */
export function needsRenewal(errors: readonly RefusalLike[] | null | undefined): boolean {
  return (errors ?? []).some(
    ({ extensions }) => extensions?.['code'] === 'UNAUTHENTICATED' && RENEWABLE.has(extensions['reason']),
  );
}
