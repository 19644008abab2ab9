// axe-core inside the page. It is put there before the page's own code, where its policy allows it.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export function bringAxe(page) {
  return page.addInitScript({ content: readFileSync(AXE, 'utf8') });
}

// What axe finds on the page as it stands: a line each, with the rule, the place and the reason.
export async function findings(page, { without = [] } = {}) {
  const off = without.map((rule) => [rule, { enabled: false }]);
  const rules = Object.fromEntries([['target-size', { enabled: true }], ...off]);
  const options = { runOnly: TAGS, resultTypes: ['violations'], rules };
  const violations = await page.evaluate(async (wanted) => (await window.axe.run(document, wanted)).violations, options);
  return violations.flatMap((rule) => rule.nodes.map((node) => line(rule, node)));
}

function line(rule, node) {
  const reason = node.failureSummary.split('\n').slice(1).map((part) => part.trim()).join('; ');
  return `${rule.id} at ${node.target.join(' ')}: ${reason}`;
}
