import pLimit from 'p-limit';
import { addSeconds, type Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { Logger } from '../logger.js';
import { type Metrics, noMetrics } from '../metrics/metrics.js';
import type { Random } from '../random.js';
import { type MailKind, mailRuleOf } from './mail-kind.js';
import type { MailWake } from './mail-wake.js';
import { type Mail, type Mailer, MailFailure } from './mailer.js';
import { type ClaimedMail, createOutboxRepository, type OutboxRepository } from './outbox.repository.js';

/** Makes the text of a waiting mail, and the token of its link at that moment; null: there is nothing to send. */
export type ComposeMail = (waiting: ClaimedMail) => Promise<Mail | null>;
export type Composers = Partial<Record<MailKind, ComposeMail>>;

/** Sends what waits in the outbox, beside any number of other processes. */
export interface MailWorker {
  start(): void;
  /** Takes no more; what is on its way has a few seconds, then it is left to whoever looks after the lease. */
  stop(): Promise<void>;
}

interface MailWorkerNeeds {
  database: Database;
  clock: Clock;
  random: Random;
  log: Logger;
  /** null: nothing is sent, and no token made. */
  mailer: Mailer | null;
  composers: Composers;
  wake: MailWake;
  metrics?: Pick<Metrics, 'mail'>;
}

const LOOK_EVERY_MS = 1_000;
const BATCH_MAX = 10;
/** Longer than a mailer takes at most, or a slow one would send twice. */
const LEASE_SECONDS = 120;
const STOP_WITHIN_MS = 5_000;
const FIRST_RETRY_SECONDS = 10;
const RETRY_SECONDS_MAX = 3600;
const RETRY_FACTOR = 3;

/**
 * A worker that claims mails in one statement, sends them with no transaction open, and notes what became of each. A mail
 * is sent twice only where a process dies, or loses the database, between the two; its id is then the same.
 *
 * Kinds without a composer wait for a version of the gateway that has one.
 */
export function createMailWorker(needs: MailWorkerNeeds): MailWorker {
  const { clock, log, mailer } = needs;
  const outbox = createOutboxRepository(needs);
  const deliver = createDeliver({ ...needs, outbox });
  const kinds = Object.keys(needs.composers);
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let isWoken = false;
  let isStopped = true;

  const look = async () => {
    do {
      isWoken = false;
      const claim = { kinds, now: clock.now(), leaseSeconds: LEASE_SECONDS, limit: BATCH_MAX };
      const claimed = await outbox.claim(claim);
      await Promise.all(claimed.map(deliver));
      isWoken ||= claimed.length === BATCH_MAX;
    } while (isWoken && !isStopped);
  };
  const run = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    running = look()
      .catch((error: unknown) => log.warn({ event: 'outbox_unreadable', cause: causeOf(error) }))
      .finally(() => {
        running = null;
        if (!isStopped) timer = setTimeout(run, LOOK_EVERY_MS);
      });
  };
  needs.wake.onWake(() => {
    if (isStopped) return;
    if (running === null) run();
    else isWoken = true;
  });
  return {
    start: () => {
      isStopped = false;
      run();
    },
    stop: async () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      if (running !== null) await withinMs(running, STOP_WITHIN_MS);
      mailer?.close();
    },
  };
}

function createDeliver(needs: MailWorkerNeeds & { outbox: OutboxRepository }) {
  const { outbox, clock, log, mailer, composers, metrics = noMetrics } = needs;
  // One after the other: two of the same event, decided beside each other, would each not see the other wait.
  const decideInTurn = pLimit(1);
  const send = async (mail: ClaimedMail): Promise<void> => {
    if (mailer === null) return void (await outbox.finish({ mail, result: 'OFF', now: clock.now() }));
    const rule = mailRuleOf(mail.kind);
    const compose = composers[mail.kind as MailKind];
    if (rule === null || compose === undefined) return;
    if (addSeconds(mail.createdAt, rule.tryForSeconds) < clock.now())
      return giveUp({ ...needs, mail, result: 'TOO_LATE' });
    if (rule.isDaily && !(await decideInTurn(() => outbox.isDue({ mail, now: clock.now() })))) return;
    const composed = await compose(mail);
    if (composed !== null) await mailer.send({ ...composed, id: mail.id });
    const result = composed === null ? 'NOT_NEEDED' : 'SENT';
    await outbox.finish({ mail, result, now: clock.now() });
    if (result === 'SENT') metrics.mail(mail.kind, 'sent');
    log.debug({ event: 'mail_done', mailId: mail.id, kind: mail.kind, result });
  };
  return async (mail: ClaimedMail): Promise<void> => {
    try {
      await send(mail);
    } catch (error) {
      // Where even this fails, the lease ends by itself.
      await afterFailure({ ...needs, mail, error }).catch((cause: unknown) =>
        log.warn({ event: 'outbox_unwritable', mailId: mail.id, cause: causeOf(cause) }),
      );
    }
  };
}

interface AfterFailure extends MailWorkerNeeds {
  outbox: OutboxRepository;
  mail: ClaimedMail;
  error: unknown;
}

async function afterFailure(step: AfterFailure): Promise<void> {
  const { outbox, mail, error, clock, random, log, metrics = noMetrics } = step;
  const facts = { mailId: mail.id, kind: mail.kind, attempts: mail.attempts };
  if (error instanceof MailFailure && error.isFinal) {
    log.warn({ event: 'mail_refused', ...facts, reason: error.reason });
    return giveUp({ ...step, result: 'REFUSED' });
  }
  const seconds = Math.min(FIRST_RETRY_SECONDS * RETRY_FACTOR ** (mail.attempts - 1), RETRY_SECONDS_MAX);
  // Up to a fifth later, so that the mails of an outage do not come back as one crowd.
  const retryInSeconds = Math.round(seconds * (1 + random.fraction() / 5));
  const reason = error instanceof MailFailure ? error.reason : causeOf(error);
  metrics.mail(mail.kind, 'retried');
  log.warn({ event: 'mail_delayed', ...facts, reason, retryInSeconds });
  await outbox.putOff({ mail, until: addSeconds(clock.now(), retryInSeconds) });
}

/** The end of a mail that never arrived: the log and the audit trail tell of it, without the address. */
async function giveUp(step: Omit<AfterFailure, 'error'> & { result: 'REFUSED' | 'TOO_LATE' }): Promise<void> {
  const { outbox, mail, result, clock, random, log, metrics = noMetrics } = step;
  metrics.mail(mail.kind, 'given_up');
  const now = clock.now();
  const audit = {
    id: random.id(),
    at: now,
    kind: 'MAIL_GIVEN_UP' as const,
    cause: `${mail.kind}_${result}`,
    client: null,
  };
  await outbox.finish({ mail, result, now, audit });
  log.error({ event: 'mail_given_up', mailId: mail.id, kind: mail.kind, attempts: mail.attempts, result });
}

function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}

async function withinMs(work: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
