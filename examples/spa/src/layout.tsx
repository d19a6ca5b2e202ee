import type { ReactNode } from 'react';
import { Icon } from './icons';

/** What all screens share: the brand, room for who is signed in, and the landmarks. */
export function Layout({ account, children }: { account?: ReactNode; children: ReactNode }) {
  return (
    <>
      <header className="top">
        <p className="brand">
          <Icon of="gate" />
          Gatehouse
        </p>
        {account}
      </header>
      <main>{children}</main>
    </>
  );
}
