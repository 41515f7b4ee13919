import type { Metafile } from 'esbuild';
export const OUT: string;
export const here: string;
export const TARGETS: readonly string[];
export interface Built {
  readonly chunks: Metafile;
  readonly loader: Metafile;
  /** What few calls need, by name: paths as in the metafiles. */
  readonly alone: Readonly<Record<'demo' | 'sheets' | 'company' | 'extras', string>>;
}
export function buildElement(out?: string): Promise<Built>;
