import { useState } from 'react';
import { Field } from './field';

/** A password, hidden until its owner wants to see it. */
export function PasswordField(props: {
  label: string;
  name?: string;
  autoComplete: 'current-password' | 'new-password';
  faults: readonly string[];
}) {
  const { label, name = 'password', autoComplete, faults } = props;
  const [isShown, setShown] = useState(false);
  return (
    <Field
      label={label}
      type={isShown ? 'text' : 'password'}
      name={name}
      autoComplete={autoComplete}
      autoCapitalize="none"
      spellCheck={false}
      required
      faults={faults}
      hint={autoComplete === 'new-password' ? 'At least 15 characters. A few words in a row do well.' : undefined}
      aside={
        <button type="button" className="plain" onClick={() => setShown(!isShown)}>
          {isShown ? 'Hide' : 'Show'}
          <span className="unseen"> {label.toLowerCase()}</span>
        </button>
      }
    />
  );
}
