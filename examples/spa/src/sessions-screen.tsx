import { useMutation, useQuery } from '@apollo/client/react';
import type { User } from '@gatehouse/client';
import { useRef } from 'react';
import { auth } from './auth';
import { Banner } from './banner';
import { Confirm } from './confirm';
import { deviceOf } from './device';
import { explain, faultOf } from './fault';
import { Layout } from './layout';
import { leave } from './leaving';
import { EndOtherSessions, EndSession, LogoutEverywhere, Sessions, type SessionsQuery } from './operations';
import { SessionItem } from './session-item';
import { useAction } from './use-action';
import { useScreen } from './use-screen';

type Session = SessionsQuery['sessions'][number];

const thenList = { refetchQueries: [Sessions], awaitRefetchQueries: true };

/** Shows where the user is signed in, and ends what they choose. */
export function SessionsScreen({ user, onGo }: { user: User; onGo: () => void }) {
  const heading = useScreen('Your sessions');
  const listHeading = useRef<HTMLHeadingElement>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const { data, error, refetch } = useQuery(Sessions, { notifyOnNetworkStatusChange: true });
  const [endSession] = useMutation(EndSession, thenList);
  const [endOthers] = useMutation(EndOtherSessions, thenList);
  const [logoutEverywhere] = useMutation(LogoutEverywhere);
  const { isBusy, outcome, act } = useAction();

  const sessions = data && [...data.sessions].sort((a, b) => Number(b.current) - Number(a.current));
  const others = sessions?.filter(({ current }) => !current).length ?? 0;

  const logout = () =>
    act(async () => {
      await leave(() => auth.logout());
      return '';
    });
  const logoutAll = () =>
    act(async () => {
      await leave(async () => {
        await logoutEverywhere();
        // Over already; this clears the cookie and tells the other tabs.
        await auth.logout();
      });
      return '';
    });
  const end = (session: Session) => {
    if (session.current) return logout();
    return act(async () => {
      const { data: answer } = await endSession({ variables: { id: session.id } });
      listHeading.current?.focus();
      const { name } = deviceOf(session.userAgent);
      return answer?.endSession ? `The session ${name} has ended.` : `The session ${name} had ended already.`;
    });
  };
  const endAllOthers = () =>
    act(async () => {
      const { data: answer } = await endOthers();
      listHeading.current?.focus();
      const ended = answer?.endOtherSessions ?? 0;
      return ended === 1 ? '1 other session has ended.' : `${ended} other sessions have ended.`;
    });

  const account = (
    <div className="account">
      <p>{user.email}</p>
      <button type="button" onClick={onGo}>
        Account
      </button>
      <button type="button" aria-disabled={isBusy} onClick={logout}>
        Log out
      </button>
    </div>
  );
  return (
    <Layout account={account}>
      <h1 ref={heading} tabIndex={-1}>
        Your sessions
      </h1>
      <p className="lead">
        Where you are signed in as <strong>{user.email}</strong>. End what you do not recognise.
      </p>
      {outcome?.kind === 'failed' && <Banner lines={[outcome.text]} onRetry={outcome.retry} />}
      {error && (
        <Banner
          lines={['The list could not be loaded.', explain(faultOf(error))]}
          onRetry={() => void refetch().catch(() => {})}
        />
      )}
      <p className="outcome" role="status">
        {outcome?.kind === 'done' && outcome.text}
      </p>
      <section className="card" aria-labelledby="devices">
        <div className="head">
          <h2 id="devices" ref={listHeading} tabIndex={-1}>
            Devices and apps
          </h2>
          {others > 0 && (
            <button type="button" aria-disabled={isBusy} onClick={endAllOthers}>
              End other sessions
            </button>
          )}
        </div>
        {sessions === undefined ? (
          !error && <p className="quiet">Loading your sessions…</p>
        ) : (
          <ul className="sessions">
            {sessions.map((session) => (
              <SessionItem key={session.id} session={session} isBusy={isBusy} onEnd={() => end(session)} />
            ))}
          </ul>
        )}
        {sessions !== undefined && others === 0 && <p className="quiet">You are signed in nowhere else.</p>}
      </section>
      <section className="card everywhere" aria-labelledby="everywhere">
        <div>
          <h2 id="everywhere">Lost a device?</h2>
          <p>End all of your sessions at once, this one too.</p>
        </div>
        <button type="button" className="danger" aria-disabled={isBusy} onClick={() => dialog.current?.showModal()}>
          Log out everywhere
        </button>
      </section>
      <Confirm
        ref={dialog}
        title="Log out everywhere?"
        text="All of your sessions end, this one too. You will have to sign in again on every device."
        yes="Log out everywhere"
        onYes={logoutAll}
      />
    </Layout>
  );
}
