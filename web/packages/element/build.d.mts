import type { Metafile } from 'esbuild';
export const OUT: string;
export const here: string;
export const TARGETS: readonly string[];
export interface Built {
  readonly chunks: Metafile;
  readonly loader: Metafile;
}
export function buildElement(out?: string): Promise<Built>;
