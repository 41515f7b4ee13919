import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['**/dist/**', '**/node_modules/**'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked, hooks.configs.flat['recommended-latest']],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],

    },
  },
  {
    // The core knows no framework and, apart from its phone (livekit-*.ts), no LiveKit.
    files: ['packages/core/src/**/*.ts'],
    ignores: ['packages/core/src/livekit-*.ts', 'packages/core/src/room.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: ['react*', '@livekit/*', 'livekit-client', '@offhook/*'] }] },
  },
  { files: ['**/*.mjs', '*.js'], languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly', window: 'readonly', document: 'readonly', setTimeout: 'readonly' } } },
);
