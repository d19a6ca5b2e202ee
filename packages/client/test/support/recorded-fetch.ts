/** A `fetch`, and what went out by it. */
export interface RecordedFetch {
  fetch: typeof fetch;
  /** Operation names, oldest first. */
  sent: string[];
  /** The headers that went with them. */
  headers: Headers[];
}

/** Makes a `fetch` that writes down every GraphQL operation; `answer` may answer one in the server's stead. */
export function createRecordedFetch(answer: (operationName: string) => Response | null = () => null): RecordedFetch {
  const sent: string[] = [];
  const headers: Headers[] = [];
  return {
    sent,
    headers,
    fetch: async (input, init) => {
      const { query } = JSON.parse(String(init?.body)) as { query: string };
      const operationName = /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? '';
      sent.push(operationName);
      headers.push(new Headers(init?.headers));
      return answer(operationName) ?? fetch(input, init);
    },
  };
}
