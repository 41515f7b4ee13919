// demo.ts — every state without a server (N22); its own chunk, loaded only where the attribute `demo` stands.

export { createDemoCall } from '@offhook/core/demo';
