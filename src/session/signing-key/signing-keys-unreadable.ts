/** Thrown by a start that can't open a signing key in use; tells nothing of any secret. */
export class SigningKeysUnreadable extends Error {
  override readonly name = 'SigningKeysUnreadable';
  constructor(keys: readonly { kid: string; sealed: { under: string } | null }[]) {
    const lines = keys.map(
      ({ kid, sealed }) => `  - ${kid}, encrypted under ${sealed?.under ?? 'nothing: it was wiped'}`,
    );
    super(
      [
        'The database holds signing keys that can not be opened with KEY_ENCRYPTION_KEYS (or the key in the data folder):',
        ...lines,
        'Put the encryption key of that name back, or give the signing key up: npx gatehouse keys revoke <kid>',
      ].join('\n'),
    );
  }
}
