import type { Metafile } from 'esbuild';
export const OUT: string;
export const ENTRIES: readonly string[];
export const here: string;
export const TARGETS: readonly string[];
export function buildSite(out?: string): Promise<Metafile>;
