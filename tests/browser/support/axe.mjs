// axe-core inside the page. It is put there before the page's own code, where its policy allows it.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export function bringAxe(page) {
  return page.addInitScript({ content: readFileSync(AXE, 'utf8') });
}

// What axe finds on the page as it stands: a line each, with the rule, the place and the reason.
export async function findings(page) {
  const violations = await page.evaluate(async (tags) => {
    const options = { runOnly: tags, resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } };
    return (await window.axe.run(document, options)).violations;
  }, TAGS);
  return violations.flatMap((rule) => rule.nodes.map((node) => line(rule, node)));
}

function line(rule, node) {
  const reason = node.failureSummary.split('\n').slice(1).map((part) => part.trim()).join('; ');
  return `${rule.id} at ${node.target.join(' ')}: ${reason}`;
}
