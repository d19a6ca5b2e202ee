import { type SubmitEvent, useEffect, useRef, useState } from 'react';
import { empty, type Problem, problemOfFault } from './problem';

const NOTHING: readonly string[] = [];

/** One form: what is typed goes to `send`, which answers what is in the way; null: nothing. `names` are its fields. */
export function useForm<Name extends string>(
  names: readonly Name[],
  send: (typed: Record<Name, string>) => Promise<Problem | null>,
) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    if (problem !== null) form.current?.querySelector<HTMLElement>('[role="alert"], [aria-invalid="true"]')?.focus();
  }, [problem]);

  const attempt = async (typed: Record<Name, string>): Promise<Problem | null> => {
    try {
      return empty(typed) ?? (await send(typed));
    } catch (error) {
      return problemOfFault(error, names.at(-1));
    }
  };
  const onSubmit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (isBusy) return;
    const data = new FormData(event.currentTarget);
    setProblem(null);
    setBusy(true);
    const typed = Object.fromEntries(names.map((name) => [name, String(data.get(name) ?? '')]));
    const found = await attempt(typed as Record<Name, string>);
    setProblem(found);
    setBusy(false);
    if (found === null) form.current?.reset();
  };
  return {
    form,
    isBusy,
    problem,
    onSubmit,
    reset: () => setProblem(null),
    faultsAt: (at: Name) => (problem?.at === at ? problem.lines : NOTHING),
  };
}
