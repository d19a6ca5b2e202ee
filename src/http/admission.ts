/** Keeps the operations in progress within a bound; those of people who are signed in go before those of strangers. */
export interface Admission {
  /** Whether nobody at all would be admitted now. */
  isFull(): boolean;
  /**
   * Admits an operation, or not (null); what it answers is to be called once the operation is through.
   *
   * @param isOfSomebody Whether it comes from somebody signed in. Asked only under load: up to half of the bound,
   * everybody is admitted.
   */
  enter(isOfSomebody: () => boolean): (() => void) | null;
}

/** So many operations at a time. */
export function createAdmission({ requestsMax }: { requestsMax: number }): Admission {
  const strangersMax = Math.ceil(requestsMax / 2);
  let inProgress = 0;
  const leaveOnce = () => {
    let hasLeft = false;
    return () => {
      if (!hasLeft) inProgress -= 1;
      hasLeft = true;
    };
  };
  return {
    isFull: () => inProgress >= requestsMax,
    enter: (isOfSomebody) => {
      const isAdmitted = inProgress < strangersMax || (inProgress < requestsMax && isOfSomebody());
      if (!isAdmitted) return null;
      inProgress += 1;
      return leaveOnce();
    },
  };
}
