import { useId, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react';
import { PasswordField } from './password-field';
import { type PasswordQuestion, passwordQuestion } from './password-question';

/** Asks for the password once more wherever an operation needs a recent sign-in. */
export function PasswordDialog() {
  const question = useSyncExternalStore(passwordQuestion.subscribe, passwordQuestion.get);
  return question && <Question question={question} />;
}

const EMPTY = 'Enter your password.';
const WRONG = 'This is not your password.';

function Question({ question }: { question: PasswordQuestion }) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [isEmpty, setEmpty] = useState(false);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // Before it goes, so that the focus returns to where it was.
    return () => element?.close();
  }, []);
  const faults = isEmpty ? [EMPTY] : question.failure === null ? [] : [WRONG];
  return (
    <dialog
      ref={dialog}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onCancel={(event) => {
        event.preventDefault();
        question.answer(null);
      }}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const password = String(new FormData(event.currentTarget).get('password'));
          if (password === '') setEmpty(true);
          else question.answer(password);
        }}
      >
        <h2 id={`${id}-title`}>Confirm that it is you</h2>
        <p id={`${id}-text`}>You signed in a while ago. Enter your password to go on.</p>
        <PasswordField label="Your password" autoComplete="current-password" faults={faults} />
        <div className="buttons">
          <button type="button" onClick={() => question.answer(null)}>
            Cancel
          </button>
          <button type="submit">Go on</button>
        </div>
      </form>
    </dialog>
  );
}
