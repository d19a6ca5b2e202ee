import { Field } from './field';

/** An e-mail address. */
export function EmailField({
  label = 'E-mail address',
  autoComplete = 'username',
  faults,
}: {
  label?: string;
  autoComplete?: 'username' | 'email';
  faults: readonly string[];
}) {
  return (
    <Field
      label={label}
      type="email"
      name="email"
      autoComplete={autoComplete}
      autoCapitalize="none"
      spellCheck={false}
      required
      faults={faults}
    />
  );
}
