import type { ReactNode } from 'react';
import { Banner } from './banner';
import type { useForm } from './use-form';

/** A form's frame: what is wrong with all of it, its fields, and the button that sends them. */
export function Form(props: {
  of: Pick<ReturnType<typeof useForm>, 'form' | 'isBusy' | 'problem' | 'onSubmit'>;
  submit: string;
  busy: string;
  children?: ReactNode;
}) {
  const { of, submit, busy, children } = props;
  const { form, isBusy, problem, onSubmit } = of;
  return (
    <form ref={form} noValidate onSubmit={(event) => void onSubmit(event)}>
      {problem?.at === 'form' && (
        <Banner lines={problem.lines} onRetry={problem.canRetry && (() => form.current?.requestSubmit())} />
      )}
      {children}
      <button type="submit" className="main" aria-disabled={isBusy}>
        {submit}
      </button>
      <p className="unseen" role="status">
        {isBusy && busy}
      </p>
    </form>
  );
}
