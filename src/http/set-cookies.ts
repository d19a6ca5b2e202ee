/** The `Set-Cookie` headers that the gateway puts on one answer: of each name one, the last. */
export class SetCookies {
  readonly #byName = new Map<string, string>();

  /** All of them, this one in the place of another of its name. */
  with(setCookie: string): string[] {
    const [name = ''] = setCookie.split('=', 1);
    this.#byName.set(name, setCookie);
    return [...this.#byName.values()];
  }

  has(setCookie: string): boolean {
    return [...this.#byName.values()].includes(setCookie);
  }
}
