import type { Metafile } from 'esbuild';
export interface Measured {
  readonly name: string;
  readonly bytes: number;
  readonly gzip: number;
  readonly first: boolean;
  /** The source files in it. */
  readonly inputs: readonly string[];
  readonly about: string;
  /** The language of this chunk, if it is one. */
  readonly locale: string | undefined;
  readonly livekit: boolean;
  readonly react: boolean;
}
export interface Budgets {
  readonly first: number;
  readonly ours: number;
  readonly panel: number;
  readonly locale: number;
}
export const BUDGETS: Budgets;
export function measure(metafile: Metafile, base: string, entries: readonly string[]): Promise<Measured[]>;
export function overBudget(files: readonly Measured[], budgets?: Budgets): string[];
export function report(files: readonly Measured[]): string;
export const REACT_FIRST: number;
export function reactOverBudget(files: readonly Measured[], allowed?: number): { readonly spent: number; readonly over: string[] };
