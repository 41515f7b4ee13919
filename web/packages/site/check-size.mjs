// check-size.mjs — `npm run size`: builds aside, reports, and fails when a budget is broken.

import path from 'node:path';
import { ENTRIES, buildSite, here } from './build.mjs';
import { measure, overBudget, report } from './size.mjs';

const files = await measure(await buildSite(path.join(here, '../../dist/size')), here, ENTRIES);
const over = overBudget(files);
console.log(report(files));
for (const line of over) console.error(`over budget: ${line}`);
process.exitCode = over.length === 0 ? 0 : 1;
