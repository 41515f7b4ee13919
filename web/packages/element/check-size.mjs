// check-size.mjs — part of `npm run size`: builds the element aside, reports, and fails when a budget is broken.

import path from 'node:path';
import { buildElement, here } from './build.mjs';
import { measureElement, overElementBudget, reportElement } from './size.mjs';

const sizes = await measureElement(await buildElement(path.join(here, '../../dist/size-element')));
const over = overElementBudget(sizes);
console.log(reportElement(sizes));
for (const line of over) console.error(`over budget: ${line}`);
process.exitCode = over.length === 0 ? 0 : 1;
