import type { Metafile } from 'esbuild';
export const here: string;
export const DIST: string;
export const REGISTRY: string;
export const ENTRIES: Readonly<Record<string, string>>;
export function buildCode(out?: string): Promise<Metafile>;
export function buildButton(out: string): Promise<Metafile>;
export function buildPackage(): Promise<{ metafile: Metafile; about: Readonly<Record<string, unknown>> }>;
