const row = (cells) => `| ${cells.join(' | ')} |`;

/** A table, in Markdown. */
const table = (columns, rows) => [row(columns), row(columns.map(() => '---')), ...rows.map(row)].join('\n');

/** What a part measured. */
export const tableOf = ({ title, columns, rows }) => `## ${title}\n\n${table(columns, rows)}`;

/** Whether an aim is met; null: there is none. */
export function isMet({ value, atLeast, atMost }) {
  if (atLeast !== undefined) return value >= atLeast;
  return atMost === undefined ? null : value <= atMost;
}

export const shown = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));

function summaryOf(results) {
  const rows = results.flatMap(({ ratios }) =>
    ratios.map((ratio) => {
      const { label, value, atLeast, atMost } = ratio;
      const aim = atLeast !== undefined ? `at least ${atLeast}` : atMost !== undefined ? `at most ${atMost}` : '';
      const verdict = { true: 'met', false: 'missed', null: '' }[String(isMet(ratio))];
      return [label, shown(value), aim, verdict];
    }),
  );
  return table(['', 'measured', 'aim', ''], rows);
}

/** The whole report; brief: the summary alone. */
export function markdownOf({ machine, options, results, isBrief = false }) {
  const summary = summaryOf(results);
  if (isBrief) return summary;
  const { rounds, seconds, command } = options;
  const parts = results.map((result) => `${tableOf(result).replace('\n\n', `\n\n${result.about}\n\n`)}`);
  return `# What was measured

\`${command}\`: ${rounds} rounds, ${seconds} s a turn, contestants in turns; ratios are medians of the rounds' ratios. Compare ratios, not
rates: rates are this machine's.

${machine}

${summary}

![The ratios](results.svg)

${parts.join('\n\n')}
`;
}
