import type { Ref } from 'react';

/** Something that went wrong, told at once; with `onRetry`, a button that does it again. */
export function Banner({
  lines,
  onRetry,
  ref,
}: {
  lines: readonly string[];
  onRetry?: (() => void) | undefined;
  ref?: Ref<HTMLDivElement>;
}) {
  return (
    <div className="banner" role="alert" tabIndex={-1} ref={ref}>
      <p>{lines.join(' ')}</p>
      {onRetry && (
        <button type="button" className="plain" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
