import process from 'node:process';
import type { ServingGateway } from '../gateway.js';
import { type FromWorker, isToWorker } from './worker-messages.js';

/** How soon the other processes hear that this one is ready, or no more. */
const TELL_EVERY_MS = 250;

/** This process as one of several on one port. */
export interface OneOfSeveral {
  /** Whether each of the processes is ready, as far as this one has heard. */
  areAllReady(): boolean;
  /** From now on, tells how this one is. */
  report(gateway: Pick<ServingGateway, 'url' | 'isReady'>): void;
}

/** Listens from now on to what the process says that has started this one. */
export function asOneOfSeveral(): OneOfSeveral {
  let areReady = false;
  process.on('message', (message: unknown) => {
    if (isToWorker(message)) areReady = message.areReady;
  });
  const tell = (message: FromWorker) => {
    if (process.connected) process.send?.(message);
  };
  return {
    areAllReady: () => areReady,
    report: (gateway) => {
      let told: boolean | null = null;
      const tellChange = () => {
        const isReady = gateway.isReady();
        if (isReady !== told) tell({ kind: 'readiness', isReady });
        told = isReady;
      };
      tell({ kind: 'serving', url: gateway.url });
      tellChange();
      setInterval(tellChange, TELL_EVERY_MS).unref();
    },
  };
}
