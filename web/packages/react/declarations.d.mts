export const CORE_DOORS: Readonly<Record<string, string>>;
export function declarations(): Map<string, string>;
export function writeTypes(out: string): Promise<void>;
export function apiReport(files?: Map<string, string>): string;
