// A process of its own: so many connections (autocannon), each of which asks again once it is answered.
import process from 'node:process';
import autocannon from 'autocannon';
import { requestsOf } from './requests.mjs';

/** Names in the proportion of their weights, in an order that spreads the rare ones evenly. */
function schedule(mix) {
  const total = Object.values(mix).reduce((sum, weight) => sum + weight, 0);
  const credit = Object.fromEntries(Object.keys(mix).map((name) => [name, 0]));
  return Array.from({ length: total }, () => {
    for (const [name, weight] of Object.entries(mix)) credit[name] += weight;
    const [next] = Object.entries(credit).sort(([, one], [, other]) => other - one)[0];
    credit[next] -= total;
    return next;
  });
}

process.once('message', async (plan) => {
  const { url, dialect, people, mix, connections, seconds, amount, isRoaming = false } = plan;
  const requests = requestsOf(dialect);
  const names = schedule(mix);
  const counts = {};
  let fault = null;
  let started = 0;
  const setupClient = (client) => {
    let person = people[started % people.length];
    let turn = started * 7;
    started += 1;
    const next = () => {
      const name = names[turn++ % names.length];
      if (isRoaming) person = people[turn % people.length];
      const { check, ...request } = requests[name](person);
      const onResponse = (status, text) => {
        try {
          if (status !== 200) throw new Error(`HTTP ${status}: ${text.slice(0, 300)}`);
          check(text);
          counts[name] = (counts[name] ?? 0) + 1;
        } catch (error) {
          fault ??= error.message;
        }
        // A request that never changes is made once: the load is not to be what is measured.
        if (names.length > 1 || isRoaming || ['refresh', 'login'].includes(name)) client.setRequests([next()]);
      };
      return { ...request, onResponse };
    };
    client.setRequests([next()]);
  };
  const extent = amount === undefined ? { duration: seconds } : { amount };
  const result = await autocannon({ url, connections, ...extent, timeout: 30, setupClient });
  if (result.errors > 0) fault ??= `${result.errors} connections failed`;
  const answered = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const { p50, p97_5, p99, max } = result.latency;
  process.send(
    fault === null
      ? { rate: answered / result.duration, latency: { p50, p97_5, p99, max }, counts, seconds: result.duration }
      : { fault },
  );
});
