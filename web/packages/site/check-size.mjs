// check-size.mjs — `npm run size`: builds aside, reports, and fails when a budget is broken.

import path from 'node:path';
import { ENTRIES, buildSite, here } from './build.mjs';
import { REACT_FIRST, measure, overBudget, reactOverBudget, report } from './size.mjs';
import { buildButton, here as react } from '../react/build.mjs';

const files = await measure(await buildSite(path.join(here, '../../dist/size')), here, ENTRIES);
const packed = reactOverBudget(await measure(await buildButton(path.join(here, '../../dist/size-react')), react, ['src/floating-call-button.tsx']));
const over = [...overBudget(files), ...packed.over];
console.log(report(files));
console.log(`@offhook/react over its peers: ${packed.spent} B gz in the first chunk, allowed ${REACT_FIRST}`);
for (const line of over) console.error(`over budget: ${line}`);
process.exitCode = over.length === 0 ? 0 : 1;
