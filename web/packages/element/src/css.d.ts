// css.d.ts — style sheets are imported as text (esbuild: build.mjs; tests: Vite's own ?inline).
declare module '*.css?inline' {
  const text: string;
  export default text;
}
