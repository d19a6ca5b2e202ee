import { FixedQueue, queueOptionsSymbol } from 'piscina';

/** What waits for a thread, as the pool hands it over. */
type Waiting = Parameters<FixedQueue['push']>[0];

const GOES_FIRST = { goesFirst: true };

/** A task that is served before all that do not go first; the mark does not travel to the thread. */
export function goingFirst<Task extends object>(task: Task): Task {
  return Object.assign(task, { [queueOptionsSymbol]: GOES_FIRST });
}

/** Two queues, each served in the order of coming: the second one only while nobody waits in the first. */
export class HashQueue {
  readonly #first = new FixedQueue();
  readonly #others = new FixedQueue();

  get size(): number {
    return this.#first.size + this.#others.size;
  }

  /** How many wait among those who go first, or among the others. */
  waiting({ goesFirst }: { goesFirst: boolean }): number {
    return (goesFirst ? this.#first : this.#others).size;
  }

  shift(): Waiting | null {
    return this.#first.shift() ?? this.#others.shift();
  }

  push(task: Waiting): void {
    this.#queueOf(task).push(task);
  }

  unshift(task: Waiting): void {
    this.#queueOf(task).unshift(task);
  }

  remove(task: Waiting): void {
    this.#queueOf(task).remove(task);
  }

  #queueOf(task: Waiting): FixedQueue {
    return task[queueOptionsSymbol] === GOES_FIRST ? this.#first : this.#others;
  }
}
