'use client';
// own-scope.tsx — the call and the words for parts that a page uses on their own; inside of a panel, the panel's.

import { useContext, useEffect, useMemo, useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import type { CallHandle } from '@offhook/core';
import { en, loadWords, localeFor, withLabels } from '@offhook/core/words';
import type { Words } from '@offhook/core/words';
import type { Labels } from './props';
import { ScopeContext, ScopeProvider } from './scope';
import { localeWishes } from './use-locale';

export interface OwnScopeProps {
  readonly handle: CallHandle;
  readonly labels?: Labels | undefined;
  readonly locale?: string | undefined;
  readonly children: ReactNode;
}

export function OwnScope(props: OwnScopeProps): ReactElement {
  const outer = useContext(ScopeContext);
  return outer?.handle === props.handle && props.labels === undefined ? <>{props.children}</> : <Made {...props} />;
}

function Made({ handle, labels, locale, children }: OwnScopeProps): ReactElement {
  const [loaded, setLoaded] = useState<Words>(en);
  useEffect(() => {
    let mounted = true;
    void loadWords(localeFor(localeWishes(locale))).then((words) => { if (mounted) setLoaded(words); });
    return () => { mounted = false; };
  }, [locale]);
  const words = useMemo(() => withLabels(loaded, labels), [loaded, labels]);
  return <ScopeProvider handle={handle} words={words}>{children}</ScopeProvider>;
}
