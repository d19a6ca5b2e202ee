// A bar for each ratio that has an aim: how much of its aim it reached.
import { isMet, shown } from './markdown.mjs';

const WIDTH = 760;
const LEFT = 300;
const ROW = 28;
const TOP = 46;
/** Twice the aim fills the width; what is beyond is cut. */
const SPAN = 2;

const escaped = (text) => text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]);

/** 1: just at its aim; above: better. An aim of 0 is met or not. */
function reached({ value, atLeast, atMost }) {
  if (atLeast !== undefined) return value / atLeast;
  if (value === 0) return SPAN;
  return atMost / value;
}

/** The ratios as an SVG picture, readable on light and dark. */
export function chartOf(ratios) {
  const aimed = ratios.filter((ratio) => isMet(ratio) !== null);
  const height = TOP + aimed.length * ROW + 20;
  const scale = (WIDTH - LEFT - 90) / SPAN;
  const aimX = LEFT + scale;
  const bars = aimed.map((ratio, index) => {
    const y = TOP + index * ROW;
    const width = Math.max(2, Math.min(SPAN, reached(ratio)) * scale);
    const aim = ratio.atLeast !== undefined ? `≥ ${ratio.atLeast}` : `≤ ${ratio.atMost}`;
    const colour = isMet(ratio) ? '#2e7d4f' : '#b3541e';
    return `<text x="${LEFT - 10}" y="${y + 15}" text-anchor="end">${escaped(ratio.label)}</text>
<rect x="${LEFT}" y="${y + 3}" width="${width.toFixed(1)}" height="16" rx="2" fill="${colour}"/>
<text x="${LEFT + width + 6}" y="${y + 15}">${shown(ratio.value)} <tspan fill="#888">(${aim})</tspan></text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="What was measured against its aims">
<style>text { fill: #333 } @media (prefers-color-scheme: dark) { text { fill: #ccc } }</style>
<text x="${LEFT}" y="20" font-size="14" font-weight="600">Reached of each aim; the line is the aim</text>
${bars.join('\n')}
<line x1="${aimX}" y1="${TOP - 8}" x2="${aimX}" y2="${height - 14}" stroke="#888" stroke-dasharray="4 3"/>
</svg>
`;
}
