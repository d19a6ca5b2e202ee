import type { ReactNode } from 'react';
import { Layout } from './layout';
import { useScreen } from './use-screen';

/** A screen that is about one thing. */
export function CardScreen(props: { title: string; notice?: string | null; children?: ReactNode }) {
  const { title, notice = null, children } = props;
  const heading = useScreen(title);
  return (
    <Layout>
      <div className="card narrow">
        <h1 ref={heading} tabIndex={-1} aria-describedby="notice">
          {title}
        </h1>
        <p id="notice" className="notice">
          {notice}
        </p>
        {children}
      </div>
    </Layout>
  );
}
