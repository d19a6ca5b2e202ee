import { readFileSync } from 'node:fs';

const DIFFERENCES_SHOWN = 5;
/** Fewer would show that answers are not seen, or that the lane does not give them. */
const OPERATIONS_MIN = 1_000;
const BY_LANE_MIN = 0.8;

/** The answers in a file that tests have written, by test. */
function answersIn(file) {
  const tests = new Map();
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const answer = JSON.parse(line);
    tests.set(answer.test, [...(tests.get(answer.test) ?? []), answer]);
  }
  return tests;
}

const textOf = ({ status, headers, body }) => [status, ...headers, withErrorsInOrder(body)].join('\n');

/** Fields that are resolved at once fail in any order; to the byte else. */
function withErrorsInOrder(body) {
  if (!body.startsWith('{"errors":[')) return body;
  const result = JSON.parse(body);
  if (result.data === undefined) return body;
  const errors = result.errors.map((error) => JSON.stringify(error)).sort();
  return body.replace(JSON.stringify(result.errors), () => `[${errors}]`);
}

/** How the answers of one test differ; requests that were sent at once may be answered in another order. */
function differenceOf(test, apollo, lane) {
  const [before, after] = [apollo.map(textOf), lane.map(textOf)];
  const left = [...after];
  const missing = before.filter((answer) => {
    const at = left.indexOf(answer);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  if (missing.length === 0 && left.length === 0) return [];
  const [one = '', other = ''] = [missing[0], left[0]].map((text) => text?.split('\n') ?? []);
  const lines = [
    ...[...one].filter((line) => !other.includes(line)).map((line) => `  - ${line}`),
    ...[...other].filter((line) => !one.includes(line)).map((line) => `  + ${line}`),
  ];
  const title = `${test}: ${missing.length} of ${before.length} answers differ; the first:`;
  return [[title, ...lines].join('\n')];
}

/** What there is to tell of two runs' answers, and whether they are the same and the lane's part is large. */
export function compareAnswers({ apolloFile, laneFile }) {
  const [apollo, lane] = [answersIn(apolloFile), answersIn(laneFile)];
  const countOfApollo = (tests) => [...tests.values()].flat().filter(({ isByApollo }) => isByApollo).length;
  // What was refused before it is an operation is an answer of neither.
  const operations = countOfApollo(apollo);
  const byLane = operations - countOfApollo(lane);
  const names = [...new Set([...apollo.keys(), ...lane.keys()])];
  const found = names.flatMap((test) => differenceOf(test, apollo.get(test) ?? [], lane.get(test) ?? []));
  const isMuch = operations >= OPERATIONS_MIN && byLane >= BY_LANE_MIN * operations;
  const report = [
    ...found.slice(0, DIFFERENCES_SHOWN),
    `${[...lane.values()].flat().length} answers in ${names.length} tests compared, ${operations} of them to operations.`,
    `The lane gave ${byLane} of these. Tests with other answers (-: Apollo Server's, +: the lane's): ${found.length}.`,
    ...(isMuch ? [] : [`Too few: ${OPERATIONS_MIN} are wanted, and ${BY_LANE_MIN * 100} % of them by the lane.`]),
  ];
  return { report, isSame: found.length === 0 && isMuch };
}
