/** A token bucket: `tokens` left at time `at` (ms), and how many requests in a row were refused. */
export interface Budget {
  tokens: number;
  at: number;
  refused: number;
}

export interface BudgetRules {
  perSecond: number;
  burst: number;
  /** Refusals in a row that mean the sender does not listen. */
  refusals: number;
}

export type Verdict = 'pass' | 'refuse' | 'disconnect';

export function fullBudget(rules: BudgetRules, now: number): Budget {
  return { tokens: rules.burst, at: now, refused: 0 };
}

/** Spends one request. Pure: gives the budget afterwards and what to do with the request. */
export function spend(budget: Budget, rules: BudgetRules, now: number): { budget: Budget; verdict: Verdict } {
  const refill = (Math.max(0, now - budget.at) / 1000) * rules.perSecond;
  const tokens = Math.min(rules.burst, budget.tokens + refill);
  if (tokens >= 1) return { budget: { tokens: tokens - 1, at: now, refused: 0 }, verdict: 'pass' };
  const refused = budget.refused + 1;
  return { budget: { tokens, at: now, refused }, verdict: refused > rules.refusals ? 'disconnect' : 'refuse' };
}
