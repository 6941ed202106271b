/** Builds the panel's pages into the Python package; in development a mock server answers instead of the panel. */
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { mockPanel } from './mock/plugin.mjs'

/** Fetched while the page still asks who is signed in: a table is what nearly everybody sees next. */
const SOON = ['grid', 'pages']

function preload(): Plugin {
  return {
    name: 'preload',
    transformIndexHtml: {
      order: 'post',
      handler: (_, { bundle }) =>
        Object.values(bundle ?? {})
          .filter((file) => file.type === 'chunk' && !file.isEntry && SOON.includes(file.name))
          .map(({ fileName }) => ({ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `./${fileName}` } })),
    },
  }
}

export default defineConfig({
  base: './',
  plugins: [vue(), mockPanel(), preload()],
  build: {
    outDir: '../src/qmt_trading/panel/pages',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        // Few files: a browser asks for six at once, and each is a request to a small server that is busy with orders.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: 'grid', test: /node_modules.ag-/, priority: 4 },
            { name: 'chart', test: /node_modules.(lightweight-charts|fancy-canvas)|EquityChart/, priority: 3 },
            { name: 'pages', test: /src.(pages.(?!DoorPage)|components.(DataTable|settings)|gridlook)/, priority: 2 },
            { name: 'app', test: /./, priority: 1 },
          ],
        },
      },
    },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
})
