import type { Client } from 'pg';

const END_WITHIN_MS = 1_000;

/** Ends a connection, and waits for that only so long: behind a broken network, nobody may ever answer. */
export async function endConnection(client: Client | null): Promise<void> {
  if (client === null) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, END_WITHIN_MS);
  });
  await Promise.race([client.end().catch(() => undefined), late]);
  clearTimeout(timer);
}
