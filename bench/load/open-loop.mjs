// A process of its own: so many requests a second, whether or not earlier ones were answered. A person has one request
// under way at a time.
import process from 'node:process';
import { createConnections } from './connections.mjs';
import { requestsOf } from './requests.mjs';

const TICK_MS = 5;
const CONNECTIONS_MAX = 1_000;

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;

function summary({ served, shed, failed, firstFault, seconds }) {
  const told = (latencies) => {
    const sorted = latencies.sort((one, other) => one - other);
    return {
      rate: sorted.length / seconds,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
    };
  };
  return { served: told(served), shed: told(shed), failed, firstFault };
}

async function send({ connections, name, person, requests }) {
  const { check, ...request } = requests[name](person);
  const sentMs = performance.now();
  const took = () => performance.now() - sentMs;
  try {
    const text = await connections.send(request);
    // Without `retryAfter` it would not be the answer that was promised.
    if (/"SERVICE_UNAVAILABLE","retryAfter":\d/.test(text)) return { kind: 'shed', ms: took() };
    check(text);
    return { kind: 'served', ms: took() };
  } catch (error) {
    return { kind: 'failed', ms: took(), fault: error.message };
  }
}

/** One stream of requests of one kind, at a rate of its own. */
async function stream({ url, dialect, people, name, perSecond, seconds, warmUpSeconds = 0 }) {
  const connections = createConnections({ url, max: CONNECTIONS_MAX });
  const requests = requestsOf(dialect);
  const idle = [...people];
  const found = { served: [], shed: [], failed: 0, firstFault: null, seconds };
  const beganMs = performance.now();
  const endMs = (warmUpSeconds + seconds) * 1000;
  let sent = 0;
  const underWay = new Set();
  const one = async (person) => {
    const atMs = performance.now() - beganMs;
    const { kind, ms, fault } = await send({ connections, name, person, requests });
    idle.push(person);
    if (atMs < warmUpSeconds * 1000) return;
    if (kind === 'failed') {
      found.failed += 1;
      found.firstFault ??= fault;
    } else found[kind].push(ms);
  };
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      const nowMs = performance.now() - beganMs;
      const due = Math.floor((Math.min(nowMs, endMs) / 1000) * perSecond);
      while (sent < due) {
        sent += 1;
        const person = idle.shift();
        if (person === undefined) continue;
        const running = one(person).finally(() => underWay.delete(running));
        underWay.add(running);
      }
      if (nowMs < endMs) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  await Promise.all(underWay);
  connections.close();
  return [name, summary(found)];
}

process.once('message', async ({ url, streams, ...shared }) => {
  try {
    const all = streams.map((one) => stream({ ...shared, ...one, url: new URL(url) }));
    process.send(Object.fromEntries(await Promise.all(all)));
  } catch (error) {
    process.send({ fault: error.stack });
  }
});
