import type { Page } from 'playwright-core';

/** Sends, from a page, `query` to `endpoint` by script in every way there is; answers the bodies that script could read. */
export function forgeByScript(page: Page, endpoint: string, query: string): Promise<string[]> {
  return page.evaluate(
    async ({ endpoint, query }) => {
      const json = JSON.stringify({ query });
      const form = new FormData();
      form.set('operations', json);
      form.set('query', query);
      const bodies: [string | null, BodyInit][] = [
        ['application/json', json],
        ['text/plain', json],
        ['application/x-www-form-urlencoded', new URLSearchParams({ query }).toString()],
        [null, form],
      ];
      const credentials = 'include' as const;
      const answers = bodies.flatMap(([type, body]) => {
        const headers: Record<string, string> = type === null ? {} : { 'content-type': type };
        return (['cors', 'no-cors'] as const).map((mode) =>
          fetch(endpoint, { method: 'POST', mode, credentials, headers, body }),
        );
      });
      const get = `${endpoint}?${new URLSearchParams({ query })}`;
      answers.push(fetch(get, { credentials }), fetch(get, { credentials, mode: 'no-cors' }));
      navigator.sendBeacon(endpoint, new Blob([json], { type: 'text/plain' }));
      const settled = await Promise.allSettled(answers.map(async (answer) => (await answer).text()));
      return settled.flatMap((each) => (each.status === 'fulfilled' && each.value !== '' ? [each.value] : []));
    },
    { endpoint, query },
  );
}

/** The same by forms, in a frame and as a page of their own, and by everything that loads a URL. */
export function forgeByMarkup(page: Page, endpoint: string, query: string): Promise<string[]> {
  return page.evaluate(
    async ({ endpoint, query }) => {
      const settles = (element: HTMLElement) =>
        new Promise<void>((resolve) => {
          element.addEventListener('load', () => resolve());
          element.addEventListener('error', () => resolve());
          document.body.append(element);
        });
      const read: string[] = [];
      const get = `${endpoint}?${new URLSearchParams({ query })}`;
      const loaded = (['img', 'script', 'iframe'] as const).map(async (tag) => {
        const element = document.createElement(tag);
        element.src = get;
        await settles(element);
        if (element instanceof HTMLImageElement && element.naturalWidth > 0) read.push('an image');
        if (element instanceof HTMLIFrameElement) read.push(element.contentDocument?.body.textContent ?? '');
      });
      const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: get });
      loaded.push(settles(link));
      const submit = async (enctype: string, target: string) => {
        const field = document.createElement('input');
        // As text/plain, name=value reads as one JSON object.
        const isText = enctype === 'text/plain';
        field.name = isText ? `{"query":${JSON.stringify(query)},"operationName":null,"extensions":{"x":"` : 'query';
        field.value = isText ? '"}}' : query;
        const form = Object.assign(document.createElement('form'), {
          method: 'post',
          action: endpoint,
          enctype,
          target,
        });
        form.append(field);
        document.body.append(form);
        form.submit();
      };
      for (const [at, enctype] of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
      ].entries()) {
        const frame = Object.assign(document.createElement('iframe'), { name: `frame-${at}-${Math.random()}` });
        document.body.append(frame);
        const isAnswered = new Promise<void>((resolve) => frame.addEventListener('load', () => resolve()));
        submit(enctype, frame.name);
        loaded.push(isAnswered.then(() => void read.push(frame.contentDocument?.body.textContent ?? '')));
        submit(enctype, '_blank');
      }
      await Promise.all(loaded);
      return read.filter((text) => text !== '');
    },
    { endpoint, query },
  );
}
