import { parseEmailAddress } from '../user/email-address.js';
import type { AdministeredUser, UserStateRepository } from './user-state.repository.js';

/** A user by their id or their e-mail address, in any case; null: nobody, or neither an id nor an address. */
export type FindUser = (idOrEmail: string) => Promise<AdministeredUser | null>;

/** Anything else would be refused by the database as no uuid. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Looks by one statement. */
export function createFindUser({ states }: { states: UserStateRepository }): FindUser {
  return async (idOrEmail) => {
    if (isId(idOrEmail)) return states.find({ userId: idOrEmail });
    const parsed = parseEmailAddress(idOrEmail);
    return parsed.kind === 'malformed' ? null : states.find({ email: parsed.address });
  };
}

/** Whether a text can be the id of a user or a session. */
export function isId(text: string): boolean {
  return UUID.test(text);
}
