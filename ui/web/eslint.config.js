import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

// Colours come from the design tokens only. A palette class of Tailwind, a hex
// value or an oklch() in a component would not follow the theme.
const palette =
  '/(?:^|[\\s:])(?:bg|text|border|ring|fill|stroke|from|to|via|outline|divide|shadow)-(?:slate|gray|zinc|neutral|stone|red|orange|amber|yellow|lime|green|emerald|teal|cyan|sky|blue|indigo|violet|purple|fuchsia|pink|rose|black|white)(?:-|\\b)|#[0-9a-fA-F]{6}\\b|oklch\\(/';
const paletteMessage = 'Use a design token (see src/styles/tokens.css), not a literal colour.';

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.d.ts'] },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}', 'vite.config.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      'react-hooks/incompatible-library': 'off', // concerns the React compiler, which is not used
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        { selector: `JSXAttribute[name.name="className"] Literal[value=${palette}]`, message: paletteMessage },
        { selector: `JSXAttribute[name.name="className"] TemplateElement[value.raw=${palette}]`, message: paletteMessage },
        { selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]', message: 'Raw HTML is not rendered anywhere.' },
      ],
      'no-restricted-globals': ['error', { name: 'fetch', message: 'Requests go through src/api/client.ts.' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/only-throw-error': 'off', // the router throws redirects
    },
  },
  { files: ['src/api/client.ts', 'src/api/gateway.ts'], rules: { 'no-restricted-globals': 'off' } },
  { files: ['src/**/*.test.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off', 'max-lines': 'off' } },
  {
    files: ['e2e/**/*.mjs', 'dev/**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly', console: 'readonly', URL: 'readonly', setInterval: 'readonly', clearInterval: 'readonly', URLSearchParams: 'readonly', Buffer: 'readonly',
        document: 'readonly', window: 'readonly', setTimeout: 'readonly', clearTimeout: 'readonly', fetch: 'readonly',
        crypto: 'readonly', getComputedStyle: 'readonly', localStorage: 'readonly', axe: 'readonly',
      },
    },
  },
);
