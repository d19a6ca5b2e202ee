import { type Ref, useId } from 'react';

/** A modal question; `onYes` is called once it is answered with yes. Opened by `showModal()`, ended by Escape, too. */
export function Confirm(props: {
  ref: Ref<HTMLDialogElement>;
  title: string;
  text: string;
  yes: string;
  onYes: () => void;
}) {
  const { ref, title, text, yes, onYes } = props;
  const id = useId();
  return (
    <dialog
      ref={ref}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onClose={({ currentTarget }) => {
        if (currentTarget.returnValue === 'yes') onYes();
        currentTarget.returnValue = '';
      }}
    >
      <form method="dialog">
        <h2 id={`${id}-title`}>{title}</h2>
        <p id={`${id}-text`}>{text}</p>
        <div className="buttons">
          <button type="submit" value="">
            Cancel
          </button>
          <button type="submit" value="yes" className="danger">
            {yes}
          </button>
        </div>
      </form>
    </dialog>
  );
}
