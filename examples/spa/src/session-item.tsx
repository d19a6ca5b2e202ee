import { useId } from 'react';
import { deviceOf } from './device';
import { Icon } from './icons';
import { Moment } from './moment';
import type { SessionsQuery } from './operations';

/** One session of the viewer's, and the button that ends it. */
export function SessionItem(props: { session: SessionsQuery['sessions'][number]; isBusy: boolean; onEnd: () => void }) {
  const { session, isBusy, onEnd } = props;
  const { name, kind } = deviceOf(session.userAgent);
  const id = useId();
  return (
    <li className="session">
      <span className="device">
        <Icon of={kind} />
      </span>
      <h3>
        {name} {session.current && <span className="badge">This device</span>}
      </h3>
      <dl id={id}>
        <div>
          <dt>IP address</dt>
          <dd>{session.ipAddress ?? 'unknown'}</dd>
        </div>
        <div>
          <dt>Last used</dt>
          <dd>
            <Moment at={session.lastUsedAt} as="ago" />
          </dd>
        </div>
        <div>
          <dt>Signed in</dt>
          <dd>
            <Moment at={session.createdAt} as="date" />
          </dd>
        </div>
      </dl>
      <button type="button" aria-disabled={isBusy} aria-describedby={id} onClick={onEnd}>
        End<span className="unseen"> session {name}</span>
      </button>
    </li>
  );
}
