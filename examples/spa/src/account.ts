import { createAccount } from '@gatehouse/client/account';
import { auth } from './auth';

/** What the user does about their account. */
export const account = createAccount(auth);
