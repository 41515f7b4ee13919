// jsx.ts — <offhook-call> in React's JSX: `import '@offhook/element/jsx'`. Types only.

import type { AttributeName } from './attributes';
import type { OffhookCall } from './element';

type Own = Readonly<Partial<Record<AttributeName, string | boolean | undefined>>>;

declare module 'react' {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- this is how React's JSX is extended
  namespace JSX {
    interface IntrinsicElements {
      'offhook-call': DetailedHTMLProps<Omit<HTMLAttributes<OffhookCall>, AttributeName>, OffhookCall> & Own;
    }
  }
}
