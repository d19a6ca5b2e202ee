import type { ChangeUserStateOutcome } from '../administration/change-user-state.js';
import type { CreateUserOutcome } from '../administration/create-user.js';
import type { AdministeredUser } from '../administration/user-state.repository.js';
import { ROLE_NAME } from '../platform/role-name.js';
import type { Command, Outcome } from './command.js';
import { printable } from './printable.js';
import { readPassword } from './read-password.js';
import { textTable } from './text-table.js';
import { type UserUseCases, withUsers } from './with-users.js';

/** Takes all roles away. */
const NO_ROLES = 'none';

/** Works on the user whom an id or an address names. */
export function onUser(
  idOrEmail: string,
  work: (user: AdministeredUser, users: UserUseCases) => Promise<Outcome>,
): Promise<Outcome> {
  return withUsers(async (users) => {
    const user = await users.find(idOrEmail);
    if (user !== null) return work(user, users);
    return { text: `There is no user ${printable(idOrEmail)}.`, json: { kind: 'unknown_user' }, isGood: false };
  });
}

const create: Command = {
  name: 'users create',
  operandNames: ['email'],
  takesPassword: true,
  summary: 'Makes an account, whatever REGISTRATION says; its owner sets a password by a reset.',
  detail:
    '--password sets one: typed at the prompt, or the whole of standard input. The address counts as not proved until ' +
    'its owner has used a link that was mailed to it.',
  run: async ([email = ''], { readsPassword }) => {
    const password = readsPassword ? await readPassword() : null;
    return withUsers(async (users) => toldCreation(await users.create({ email, password })));
  },
};

const show: Command = {
  name: 'users show',
  operandNames: ['user'],
  summary: 'Tells of a user, by e-mail address or id: roles, state, live sessions.',
  run: ([who = '']) =>
    onUser(who, async (user, { listSessions }) => {
      const sessions = (await listSessions(user.id)).length;
      const rows = [
        ['id', user.id],
        ['email', printable(user.email, 320)],
        ['proved', user.emailVerified ? 'yes' : 'no'],
        ['roles', user.roles.join(' ') || '-'],
        ['password', user.hasPassword ? 'set' : 'none'],
        ['made', user.createdAt.toISOString()],
        ['disabled', user.disabledAt?.toISOString() ?? 'no'],
        ['sessions', String(sessions)],
      ];
      return { text: textTable(rows), json: { ...user, sessions }, isGood: true };
    }),
};

const disable: Command = {
  name: 'users disable',
  operandNames: ['user'],
  summary:
    'Keeps a user from signing in and ends all of their sessions; gateways refuse their tokens within 2 seconds.',
  detail: 'Nothing of theirs is deleted. Other services take an access token until it expires.',
  run: ([who = '']) =>
    onUser(who, async ({ id, email }, users) =>
      toldChange(await users.disable({ userId: id }), { email, done: 'Disabled', already: 'was disabled before' }),
    ),
};

const enable: Command = {
  name: 'users enable',
  operandNames: ['user'],
  summary: 'Lets a disabled user sign in again; sessions that have ended stay ended.',
  detail: 'Sessions of before do not come back to life, however the user was disabled.',
  run: ([who = '']) =>
    onUser(who, async ({ id, email }, users) =>
      toldChange(await users.enable({ userId: id }), { email, done: 'Enabled', already: 'was not disabled' }),
    ),
};

const setRoles: Command = {
  name: 'users set-roles',
  operandNames: ['user', 'roles'],
  summary: 'Gives a user these roles in the place of all others, e.g. ADMIN,EDITOR; "none" takes all away.',
  detail:
    'Access tokens of before are refused by gateways within 2 seconds; clients refresh and go on. Sessions go on.',
  run: async ([who = '', list = '']) => {
    const roles = list === NO_ROLES ? [] : list.split(',');
    if (!roles.every((role) => ROLE_NAME.test(role))) {
      const text = 'Roles are names such as ADMIN, with commas between them and no spaces, or "none".';
      return { text, json: { kind: 'malformed', argument: 'roles' }, isGood: false };
    }
    return onUser(who, async ({ id, email }, users) => {
      const isChanged = await users.changeRoles({ userId: id, roles });
      const shown = roles.length === 0 ? 'no roles' : [...new Set(roles)].join(' ');
      const text = `${printable(email, 320)} ${isChanged ? 'now has' : 'had already'}: ${shown}.`;
      return { text, json: { kind: isChanged ? 'changed' : 'unchanged', userId: id, roles }, isGood: true };
    });
  },
};

/** What can be done with users. */
export const usersCommands: readonly Command[] = [create, show, disable, enable, setRoles];

const CREATION_FAULTS = {
  email_taken: 'There is an account with this address already, or it is kept for somebody.',
  malformed: 'This can not be used as an e-mail address or password.',
};

function toldCreation(outcome: CreateUserOutcome): Outcome {
  if (outcome.kind === 'created') {
    return { text: `Made ${outcome.userId} for ${printable(outcome.email, 320)}.`, json: outcome, isGood: true };
  }
  if (outcome.kind === 'weak_password') {
    return { text: `The password is too weak: ${outcome.reasons.join(', ')}.`, json: outcome, isGood: false };
  }
  return { text: CREATION_FAULTS[outcome.kind], json: outcome, isGood: false };
}

function toldChange(
  outcome: ChangeUserStateOutcome,
  { email, done, already }: { email: string; done: string; already: string },
): Outcome {
  // Found a moment ago, gone by now.
  if (outcome.kind === 'unknown_user') return { text: 'The user is gone.', json: outcome, isGood: false };
  const { kind, endedSessions } = outcome;
  const who = printable(email, 320);
  const rest = `${endedSessions} ${endedSessions === 1 ? 'session' : 'sessions'} ended.`;
  const text = kind === 'changed' ? `${done} ${who}. ${rest}` : `${who} ${already}. ${rest}`;
  return { text, json: outcome, isGood: true };
}
