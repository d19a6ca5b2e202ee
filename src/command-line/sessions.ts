import { isId } from '../administration/find-user.js';
import { OPERATOR } from '../platform/audit/audit.js';
import type { Command } from './command.js';
import { printable } from './printable.js';
import { textTable } from './text-table.js';
import { onUser } from './users.js';

const ALL = 'all';

const list: Command = {
  name: 'sessions list',
  operandNames: ['user'],
  summary: "Lists a user's live sessions, the most recently used first; nothing that is a token.",
  run: ([who = '']) =>
    onUser(who, async ({ id }, { listSessions }) => {
      const sessions = await listSessions(id);
      const rows = sessions.map((session) => [
        session.id,
        session.createdAt.toISOString(),
        session.lastUsedAt.toISOString(),
        session.expiresAt.toISOString(),
        printable(session.ipAddress ?? '-', 45),
        printable(session.userAgent ?? '-'),
      ]);
      const table = textTable([['session', 'signed in', 'last used', 'ends', 'address', 'client'], ...rows]);
      return { text: rows.length === 0 ? 'No live session.' : table, json: { userId: id, sessions }, isGood: true };
    }),
};

const revoke: Command = {
  name: 'sessions revoke',
  operandNames: ['user', 'session'],
  summary: 'Ends one session of a user, or "all"; gateways refuse its tokens within 2 seconds.',
  detail: 'Other services take an access token until it expires.',
  run: ([who = '', which = '']) =>
    onUser(who, async ({ id: userId }, { endings }) => {
      const end = { userId, cause: 'ENDED_BY_OPERATOR' as const, client: OPERATOR };
      if (which === ALL) {
        const endedSessions = await endings.endAll({ ...end, exceptSessionId: null });
        const text = `${endedSessions} ${endedSessions === 1 ? 'session' : 'sessions'} ended.`;
        return { text, json: { endedSessions }, isGood: true };
      }
      const isEnded = isId(which) && (await endings.end({ ...end, sessionId: which }));
      const text = isEnded ? 'The session has ended.' : `The user has no live session ${printable(which)}.`;
      return { text, json: { endedSessions: isEnded ? 1 : 0 }, isGood: isEnded };
    }),
};

/** What can be done with users' sessions. */
export const sessionsCommands: readonly Command[] = [list, revoke];
