import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeClocksMovable, passInPage } from './support/page-clock.js';
import { type Stage, setStage } from './support/stage.js';
import { signedInTabs, wasSignedOut, whoIs } from './support/tabs.js';

const TABS = 12;
const MINUTES = 60;
/** Tokens of 15 minutes less up to 5 %, refreshed half a minute before their end: each serves 13 minutes at least. */
const ROTATIONS_MAX = Math.floor(MINUTES / 13);

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage?.close());

describe('an hour of twelve tabs, each of which asks for data once a minute', () => {
  it('costs a handful of rotations', async () => {
    const { tabs, email, generation, isAlive } = await signedInTabs(stage, TABS, makeClocksMovable);
    let answered = 0;
    for (let minute = 0; minute < MINUTES; minute += 1) {
      stage.clock.advance(60);
      await Promise.all(tabs.map((tab) => passInPage(tab, 60)));
      const users = await Promise.all(tabs.map(whoIs));
      answered += users.filter((user) => user === email).length;
    }
    expect(answered).toBe(TABS * MINUTES);
    const rotations = await generation();
    console.info(`rotations of one session in an hour of ${TABS} tabs: ${rotations}; answers: ${answered}`);
    // Without one, the hour would have tested nothing.
    expect(rotations).toBeGreaterThanOrEqual(3);
    expect(rotations).toBeLessThanOrEqual(ROTATIONS_MAX);
    expect(stage.proxy.count('RefreshToken')).toBe(rotations);
    for (const tab of tabs) expect(await wasSignedOut(tab)).toBe(false);
    expect(await isAlive()).toBe(true);
  });
});
