import { useState } from 'react';
import { CardScreen } from './card-screen';
import type { Link } from './link';
import { NewPasswordScreen } from './new-password-screen';
import { VouchScreen } from './vouch-screen';

/** What came of a link. */
export interface Done {
  readonly title: string;
  readonly text: string;
}

/** What every screen of a link is given. */
export interface LinkScreenProps {
  token: string;
  onDone: (done: Done) => void;
  /** The way on where the password is not known, or the link is no longer good. */
  onForgotten: () => void;
}

/** Does what a mailed link is for. */
export function LinkScreen(props: { link: Link; onEnd: () => void; onForgotten: () => void }) {
  const { link, onEnd, onForgotten } = props;
  const [done, setDone] = useState<Done | null>(null);
  if (done !== null) {
    return (
      <CardScreen title={done.title}>
        <p>{done.text}</p>
        <button type="button" className="main" onClick={onEnd}>
          Continue
        </button>
      </CardScreen>
    );
  }
  const given = { token: link.token, onDone: setDone, onForgotten };
  switch (link.page) {
    case 'verify-email':
    case 'confirm-email-change':
      return <VouchScreen page={link.page} {...given} />;
    case 'reset-password':
    case 'undo-email-change':
      return <NewPasswordScreen page={link.page} {...given} />;
  }
}
