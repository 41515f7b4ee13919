import type { Built } from './build.mjs';
export interface ElementSizes {
  readonly loader: number;
  readonly call: number;
  readonly company: number;
  readonly phone: number;
  readonly extras: number;
  readonly sheets: number;
  readonly demo: number;
  readonly english: number;
  readonly locale: number;
  readonly whole: number;
  readonly locales: Readonly<Record<string, number>>;
}
export type ElementBudgets = Readonly<Record<'loader' | 'call' | 'locale' | 'whole', number>>;
export const ELEMENT_BUDGETS: ElementBudgets;
export function measureElement(built: Built): Promise<ElementSizes>;
export function overElementBudget(sizes: ElementSizes, budgets?: ElementBudgets): string[];
export function reportElement(sizes: ElementSizes): string;
