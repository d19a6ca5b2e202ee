import { useState } from 'react';
import { explain, faultOf } from './fault';

/** How the last action went. */
export type Outcome =
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string; readonly retry: () => void };

/** Does one thing at a time; `act` takes work that answers what it did, as a sentence. */
export function useAction() {
  const [isBusy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const act = async (work: () => Promise<string>) => {
    if (isBusy) return;
    setBusy(true);
    setOutcome(null);
    try {
      setOutcome({ kind: 'done', text: await work() });
    } catch (error) {
      setOutcome({ kind: 'failed', text: explain(faultOf(error)), retry: () => void act(work) });
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, outcome, act };
}
