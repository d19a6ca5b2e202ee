/** What a serving process tells the one that started it. */
export type FromWorker = { kind: 'serving'; url: string } | { kind: 'readiness'; isReady: boolean };

/** What it is told: whether each of the processes is ready. */
export interface ToWorker {
  kind: 'others';
  areReady: boolean;
}

const kindOf = (message: unknown): unknown => (message instanceof Object && 'kind' in message ? message.kind : null);

/** Other messages belong to Node. */
export function isFromWorker(message: unknown): message is FromWorker {
  return ['serving', 'readiness'].includes(String(kindOf(message)));
}

/** Other messages belong to Node. */
export function isToWorker(message: unknown): message is ToWorker {
  return kindOf(message) === 'others';
}
