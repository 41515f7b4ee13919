export function writeRegistry(out: string, about: { readonly peerDependencies: Readonly<Record<string, string>> }): Promise<string[]>;
