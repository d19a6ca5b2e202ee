/**
 * The script of the pages, as browsers get it. It takes the token from the fragment, and that out of the address bar and
 * the history, before anything else; the token then stands in memory alone.
 */
export const accountScript = `'use strict';
const page = JSON.parse(document.querySelector('main').dataset.page);
const token = new URLSearchParams(location.hash.slice(1)).get('token');
history.replaceState(null, '', location.pathname);

const byId = (id) => document.getElementById(id);
const say = (text, isGood) => {
  const status = byId('status');
  status.textContent = text;
  status.className = isGood ? 'good' : 'bad';
  status.focus();
};
const outcome = (name) => page.outcomes[name] ?? page.outcomes.OTHER;

async function send(query, variables) {
  const response = await fetch('../graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(outcome(errors[0].extensions?.code));
  return data;
}

function onSubmit(form, work) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      say(error instanceof TypeError || error instanceof SyntaxError ? page.outcomes.OTHER : error.message, false);
    } finally {
      button.disabled = false;
    }
  });
}

const form = byId('form');
if (token === null || token === '') {
  say(page.outcomes.NO_LINK, false);
} else {
  form.hidden = false;
  byId('password').focus();
}
byId('show').addEventListener('change', ({ target }) => {
  byId('password').type = target.checked ? 'text' : 'password';
});
onSubmit(form, async () => {
  const data = await send(page.query, { token, password: byId('password').value });
  const { __typename: name, reasons = [] } = data[page.field];
  if (name === page.done) {
    form.remove();
    byId('forgotten')?.remove();
    return say(page.doneText, true);
  }
  say([outcome(name), ...reasons.map((reason) => page.weaknesses[reason] ?? '')].join(' '), false);
});
const reset = byId('reset');
if (reset !== null) {
  onSubmit(reset, async () => {
    await send(page.resetQuery, { email: byId('email').value });
    say(page.resetText, true);
  });
}
`;
