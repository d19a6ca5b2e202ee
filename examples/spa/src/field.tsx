import { type ComponentProps, type ReactNode, useId } from 'react';

/** A labelled input with its hint and what is wrong with it; both are read out with the input. */
export function Field(
  props: ComponentProps<'input'> & {
    label: string;
    hint?: string | undefined;
    faults: readonly string[];
    aside?: ReactNode;
  },
) {
  const { label, hint, faults, aside, ...input } = props;
  const id = useId();
  const described = [faults.length > 0 && `${id}-faults`, hint && `${id}-hint`].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="box">
        <input id={id} aria-invalid={faults.length > 0} aria-describedby={described || undefined} {...input} />
        {aside}
      </div>
      {faults.length > 0 && (
        <ul className="faults" id={`${id}-faults`}>
          {faults.map((fault) => (
            <li key={fault}>{fault}</li>
          ))}
        </ul>
      )}
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
