import type { ListedSigningKey } from '../session/signing-key/list-signing-keys.js';
import type { RevokedSigningKey } from '../session/signing-key/revoke-signing-key.js';
import type { RotatedSigningKeys } from '../session/signing-key/rotate-signing-keys.js';
import type { Command, Outcome } from './command.js';
import { textTable } from './text-table.js';
import { withDatabase } from './with-database.js';
import { type SigningKeyUseCases, withSigningKeys } from './with-signing-keys.js';

const onKeys = async (work: (keys: SigningKeyUseCases) => Promise<Outcome>): Promise<Outcome> =>
  (await withDatabase((open) => withSigningKeys(open, work))) ?? ruledByFile;

const ruledByFile: Outcome = {
  text: 'SIGNING_KEYS_FILE holds the signing keys: change that file and restart. Those in the database are not used.',
  json: { fault: 'SIGNING_KEYS_FILE is set' },
  isGood: false,
};

const list: Command = {
  name: 'keys list',
  summary: 'Lists the signing keys in the database: state and times, nothing secret.',
  detail: 'docs/keys.md tells the states. "under" names the encryption key; the first of the list is marked by *.',
  run: () =>
    onKeys(async ({ list: listKeys, encryption: { currentName } }) => {
      const keys = await listKeys();
      const text = keys.length === 0 ? 'There is no key yet: a start makes the first.' : tableOf(keys, currentName);
      return { text, json: { keys, encryptsUnder: currentName }, isGood: true };
    }),
};

const rotate: Command = {
  name: 'keys rotate',
  summary: 'Publishes a new signing key, which signs ten minutes later; nothing restarts.',
  detail:
    'While one is published and does not sign yet, no other is made. Private parts are put under the first of ' +
    'KEY_ENCRYPTION_KEYS, those of retired keys are wiped.',
  run: () => onKeys(async ({ rotate: rotateKeys }) => toldRotation(await rotateKeys('OPERATOR'))),
};

const revoke: Command = {
  name: 'keys revoke',
  operandNames: ['kid'],
  summary: 'Refuses all tokens of a signing key within 2 seconds, for good; where it signed, another one does at once.',
  detail:
    'Clients refresh by themselves. Other services believe their copy of the published keys for some minutes more.',
  run: ([kid = '']) => onKeys(async ({ revoke: revokeKey }) => toldRevocation(kid, await revokeKey(kid))),
};

/** What can be done with signing keys. */
export const keysCommands: readonly Command[] = [list, rotate, revoke];

function tableOf(keys: readonly ListedSigningKey[], currentName: string): string {
  const rows = keys.map(({ kid, state, activatesAt, verifiesUntil, revokedAt, encryptedUnder }) => [
    kid,
    state,
    activatesAt.toISOString(),
    revokedAt === null ? (verifiesUntil?.toISOString() ?? '-') : `revoked ${revokedAt.toISOString()}`,
    encryptedUnder === null ? 'wiped' : `${encryptedUnder}${encryptedUnder === currentName ? ' *' : ''}`,
  ]);
  return textTable([['kid', 'state', 'activates', 'verifies until', 'under'], ...rows]);
}

function toldRotation({ made, keys }: RotatedSigningKeys): Outcome {
  const next = made ?? keys[0];
  const facts = { kid: next?.kid ?? null, activatesAt: next?.activatesAt ?? null };
  const text =
    made === null
      ? `A new key is published already: ${facts.kid} signs from ${facts.activatesAt?.toISOString()}.`
      : `Published ${facts.kid}; it signs from ${facts.activatesAt?.toISOString()}.`;
  return { text, json: { made: made !== null, ...facts }, isGood: true };
}

function toldRevocation(kid: string, outcome: RevokedSigningKey): Outcome {
  if (outcome.kind === 'unknown_key') return { text: `There is no key ${kid}.`, json: outcome, isGood: false };
  if (outcome.kind === 'already_revoked') return { text: `${kid} was revoked before.`, json: outcome, isGood: true };
  const { successorKid } = outcome;
  const rest = successorKid === null ? 'It did not sign.' : `${successorKid} signs from now on.`;
  return { text: `Revoked ${kid}. ${rest}`, json: outcome, isGood: true };
}
