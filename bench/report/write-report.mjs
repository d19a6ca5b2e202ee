import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chartOf } from './chart.mjs';
import { markdownOf } from './markdown.mjs';

/** Writes `results.md` and `results.svg` into a folder. */
export async function writeReport({ folder, ...report }) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'results.md'), markdownOf(report));
  await writeFile(join(folder, 'results.svg'), chartOf(report.results.flatMap(({ ratios }) => ratios)));
}
