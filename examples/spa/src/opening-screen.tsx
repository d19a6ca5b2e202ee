import { useCallback, useEffect, useState } from 'react';
import { auth } from './auth';
import { Banner } from './banner';
import { explain, faultOf } from './fault';
import { Layout } from './layout';

/** Asks the gateway whether somebody is signed in here; the screen changes with the answer. */
export function OpeningScreen() {
  const [fault, setFault] = useState<string | null>(null);
  const ask = useCallback(() => {
    setFault(null);
    auth.getAccessToken().catch((error: unknown) => setFault(explain(faultOf(error))));
  }, []);
  useEffect(ask, [ask]);
  return (
    <Layout>
      <h1 className="unseen">Gatehouse</h1>
      {fault === null ? (
        <p className="quiet" role="status">
          Loading…
        </p>
      ) : (
        <Banner lines={[fault]} onRetry={ask} />
      )}
    </Layout>
  );
}
